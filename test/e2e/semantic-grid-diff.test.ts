/**
 * Semantic grid diff: two grids, or two slices, aligned by parameters, averaged over the right seeds, paired where pairing
 * is real; and it says so where no number of pairs at hand can reach p < 0.05.
 */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('Semantic grid diff: a run against the file that has moved on, and two slices of one run', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 2, sets: 2 }) });
  await project.retort(['run', 'grid.yaml', '--reporter', 'silent']);
  const same = await project.retort(['diff', 'grid.yaml', 'last', '--exit-code']);
  expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('Nothing differs.')]);

  const slices = await project.retort(['diff', 'last:method=random', 'last:method=dm', '--format', 'json']);
  const diff = JSON.parse(slices.stdout);
  expect(diff.results).toMatchObject([{ difference: { method: 'paired', n: 2, smallestP: 0.5 } }]);
  expect(diff.notes.join(' ')).toContain('With n = 2 pairs p cannot be below 0.5: it cannot reach p < 0.05.');

  project.write({ 'grid.yaml': tinyExperiment({ iterations: 4, sets: 2 }) });
  const moved = await project.retort(['diff', 'last', 'grid.yaml', '--exit-code']);
  expect(moved.code).toBe(6);
  expect(moved.stdout).toMatch(/distil\.iterations +2 +4 +method=dm/);
});
