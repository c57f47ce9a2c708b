/**
 * A value that is taken out of a grid takes no result away: `compare` says that there is more, and with `--all-cells` shows it,
 * marked and apart from what the grid has; `show` marks it in the run that made it.
 */
import { expect, it } from 'vitest';
import { Project } from '../rig/retort.ts';

const grid = (sizes: readonly number[], epochs = 1) => `version: 1
name: sizes
data: { set: fashion-mnist }
network: { kind: convnet, width: 4 }
matrix: { size: [${sizes.join(', ')}] }
replicates: { sets: 2, evaluations: 1 }
stages:
  distil: { stage: select, method: random, imagesPerClass: $size }
  score: { stage: evaluate, images: distil, epochs: ${epochs} }
compare: { baseline: { size: ${sizes[0]} } }
`;

it('cells of earlier runs stay in the store, marked, and out of means, differences and tests', async () => {
  const project = new Project().write({ 'grid.yaml': grid([1, 2, 3]) });
  await project.retort(['run', 'grid.yaml', '--reporter', 'silent']);
  const [before] = JSON.parse((await project.retort(['compare', 'grid.yaml', '--format', 'json'])).stdout).tables;
  expect(before.outside).toBeUndefined();

  project.write({ 'grid.yaml': grid([1, 2]) });
  const { stdout } = await project.retort(['compare', 'grid.yaml']);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'Not in the current grid, but in the store: 1 cell of other runs (size=3) has results; `--all-cells` shows it.',
  );
  expect(stdout).not.toMatch(/\n3 /);
  const tables = async (...more: string[]) =>
    JSON.parse((await project.retort(['compare', ...more, '--format', 'json'])).stdout).tables[0];
  const [shown, all] = [await tables('grid.yaml'), await tables('grid.yaml', '--all-cells')];
  // Nothing of what the grid has is moved by what it has no more.
  expect(all.rows.slice(0, 2)).toEqual(shown.rows);
  const [, , gone] = all.rows;
  expect(gone).toMatchObject({ axes: { size: '3' }, isBaseline: false, notInGrid: { differs: [] } });
  expect(gone.summary).toEqual(before.rows[2].summary);
  expect(gone.difference).toBeUndefined();
  const text = await project.retort(['compare', 'grid.yaml', '--all-cells']);
  expect(text.stdout).toMatch(/\n3 .* not in current grid \(run \S+-sizes-\w+\)\n/);
  const csv = (await project.retort(['compare', 'grid.yaml', '--all-cells', '--format', 'csv'])).stdout.split('\n');
  expect(csv.map((line) => line.split(',').at(-2))).toEqual(['not_in_grid', '', '', gone.notInGrid.run, undefined]);

  // A run shows what it is; in the newest one's light it has a cell too many.
  await project.retort(['run', 'grid.yaml', '--reporter', 'silent']);
  const [first, newest] = JSON.parse((await project.retort(['ls', '--json'])).stdout).runs;
  expect(await tables(newest.run)).toEqual(expect.not.objectContaining({ outside: expect.anything() }));
  expect((await tables(newest.run, '--all-cells')).rows).toMatchObject([{}, {}, { notInGrid: { run: first.run } }]);
  expect((await project.retort(['show', first.run])).stdout).toContain(
    `  1 cell not in current grid (run ${newest.run}): size=3\n`,
  );
  expect((await project.retort(['show', newest.run])).stdout).not.toContain('not in current grid');
});
