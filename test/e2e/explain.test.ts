/**
 * Explain: for any stage a hit, the first of its kind, or the shortest list of differences to the nearest earlier result;
 * the same words in `explain`, in `plan` and as JSON.
 */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('Explain: hit, first, or what differs from the nearest earlier result, in the same words everywhere', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 2, sets: 1 }) });
  const because = async (node: string) =>
    JSON.parse((await project.retort(['explain', 'grid.yaml', node, '--json'])).stdout);
  expect(await because('distil*')).toMatchObject({
    schema: 'retort-explain/1',
    nodes: [{ state: 'to run', because: { why: 'first', stage: 'match' } }],
  });
  await project.retort(['run', 'grid.yaml', '--reporter', 'silent']);
  expect(await because('distil*')).toMatchObject({ nodes: [{ state: 'hit' }] });

  // The file moves on: more iterations for one method, one more set.
  project.write({ 'grid.yaml': tinyExperiment({ iterations: 4, sets: 2 }) });
  const explained = await project.retort(['explain', 'grid.yaml', 'score[method=dm,set=1*']);
  expect(explained.stdout).toMatch(
    /^score\[method=dm,set=1,evaluation=1\]: to run\n {2}nearest earlier result: score\[method=dm,.*\] of run \S+\n {4}distil\[method=dm,set=1\]: iterations 2 → 4\n {2}everything else is equal\n$/,
  );
  const plan = await project.retort(['plan', 'grid.yaml']);
  expect(plan.stdout).toMatch(/score\[method=dm,set=1,evaluation=1\] .*to run: .*iterations 2 → 4\n/);
  expect(plan.stdout).toMatch(/start\[set=2\] .*to run: set 1 → 2\n/);
  expect(JSON.stringify(await because('distil[method=dm,set=1*'))).toMatch(/iterations/);
});
