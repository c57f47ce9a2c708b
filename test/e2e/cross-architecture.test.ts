/** One distillation, evaluated by several networks: what runs, what the table shows, and slices of it. */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

interface Table {
  readonly tables: readonly {
    readonly axes: readonly string[];
    readonly rows: readonly { readonly axes: Readonly<Record<string, string>>; readonly summary?: { mean: number } }[];
  }[];
}

it('networks of a stage: one distillation for all, a row for each, and each is cached', async () => {
  const text = tinyExperiment({ sets: 1 }).replace(
    'epochs: 1 }',
    'epochs: 1, networks: { small: { width: 4 }, MLP: mlp } }',
  );
  const project = new Project().write({ 'tiny.yaml': text });
  const first = await project.retort(['run', 'tiny.yaml']);
  expect(first.stderr).toContain('6 nodes: 6 run, 0 hits');
  expect(first.stdout).toMatch(/method +score\.network +n/);
  const again = await project.retort(['run', 'tiny.yaml']);
  expect(again.stderr).toContain('6 nodes: 0 run, 6 hits');

  const compared = await project.retort(['compare', 'tiny.yaml', '--by', 'score.network', '--format', 'json']);
  const { tables } = JSON.parse(compared.stdout) as Table;
  expect(tables[0]?.axes).toEqual(['method', 'score.network']);
  expect(tables[0]?.rows.map(({ axes }) => Object.values(axes).join(' '))).toEqual([
    'random small',
    'random MLP',
    'dm small',
    'dm MLP',
  ]);
  const slice = await project.retort(['compare', 'tiny.yaml:score.network=MLP', '--format', 'json']);
  expect((JSON.parse(slice.stdout) as Table).tables[0]?.rows).toHaveLength(2);
  const diff = await project.retort(['diff', 'tiny.yaml:score.network=MLP', 'tiny.yaml:score.network=small']);
  expect(diff.code).toBe(0);
  expect(diff.stdout).toContain('The axis `score.network` differs');
  const wrong = await project.retort(['compare', 'tiny.yaml:score.network=MPL']);
  expect(wrong.stderr).toContain('Did you mean `MLP`?');
});
