/**
 * Pruning with a paper trail: the rule stands in the experiment, each decision is an event with its evidence, and pruned
 * cells are a state of their own, never silently missing, and brought back on demand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { events, Project } from '../rig/retort.ts';

const EXPERIMENT = `version: 1
name: curves
data: { set: fashion-mnist }
network: { kind: convnet, width: 4, depth: 2 }
resources: { threads: 1 }
x-match: &match { stage: match, method: dm, start: start, iterations: 300, batchReal: 8, snapshots: { at: [6] } }
matrix:
  rate:
    random: { stage: select, imagesPerClass: 2 }
    usual: *match
    small: { <<: *match, learningRate: 0.1 }
    absurd: { <<: *match, learningRate: 1000 }
stages:
  start: { stage: select, imagesPerClass: 2 }
  distil: { use: $rate }
  score: { stage: evaluate, images: distil, epochs: 3 }
prune: { rule: median, at: 0.02 }
compare: { baseline: { rate: random } }
`;

interface Decision {
  readonly type: string;
  readonly verdict: string;
  readonly axes: { readonly rate: string };
  readonly cohort: readonly unknown[];
  readonly threshold: number;
  readonly value: number;
}

it('Pruning with a paper trail: decisions with their evidence, cells in a state of their own, brought back by --no-prune', async () => {
  const project = new Project().write({ 'curves.yaml': EXPERIMENT });
  // One at a time, as on a machine of one core: where there is room for all, a hopeless cell may be done before it is judged.
  const first = await project.retort(['run', 'curves.yaml', '--concurrency', '1', '--reporter', 'plain']);
  expect(first.code).toBe(0);
  const decisions = kept(project).filter(({ type }) => type === 'prune-decision');
  expect(decisions.length).toBeGreaterThan(0);
  for (const { cohort, verdict, value, threshold } of decisions) {
    expect(cohort).toHaveLength(3);
    expect(verdict).toBe(value < threshold ? 'prune' : 'keep');
  }
  const pruned = decisions.filter(({ verdict }) => verdict === 'prune').map(({ axes }) => axes.rate);
  expect(pruned).toContain('absurd');
  expect(first.stderr).toMatch(/pruned: rate=absurd at step 6: accuracy [\d.]+% against [\d.]+% \(median of 3 cells\)/);
  expect(first.stdout).toMatch(/^absurd .*pruned: 0 of 1 evaluations$/m);

  const compared = await project.retort(['compare', 'curves.yaml']);
  expect(compared.stdout).toMatch(/^absurd .*pruned/m);
  const planned = await project.retort(['plan', 'curves.yaml']);
  expect(planned.stdout).toContain('its cell was pruned; `run --no-prune` continues it');
  expect(planned.stdout).toMatch(/: 0 to run, \d+ hits, \d+ pruned/);
  const again = await project.retort(['run', 'curves.yaml', '--reporter', 'ndjson']);
  expect(events(again.stdout).at(-1)).toMatchObject({ type: 'run-finished', executed: 0 });

  const back = await project.retort(['run', 'curves.yaml', '--no-prune', '--reporter', 'ndjson']);
  const started = events(back.stdout).filter(
    ({ type, node }) => type === 'node-started' && node === 'distil[rate=absurd,set=1]',
  );
  expect(started).toMatchObject([{ fromStep: expect.toSatisfy((step: number) => step >= 6) }]);
  const whole = await project.retort(['compare', 'curves.yaml', 'compare.select=best']);
  expect(whole.stdout).not.toMatch(/ {2}pruned/);
  expect(whole.stdout.replace(/\s+/g, ' ')).toContain('chosen by accuracy on test data');
});

/** What the newest run has written down. */
function kept(project: Project): Decision[] {
  const runs = join(project.folder, 'runs', 'runs');
  const newest = readdirSync(runs).sort().at(-1) ?? '';
  return readFileSync(join(runs, newest, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Decision);
}
