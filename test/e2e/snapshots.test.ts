/** Snapshots and prefix-extending iterations as a user meets them: what a shorter run has kept is not made again. */
import { expect, it } from 'vitest';
import { events, Project } from '../rig/retort.ts';

const EXPERIMENT = `version: 1
name: curves
data: { set: fashion-mnist }
network: { kind: convnet, width: 4, depth: 2 }
resources: { threads: 1 }
x-match: &match { stage: match, method: dm, start: start, iterations: 8, batchReal: 8, snapshots: { at: [6] } }
matrix:
  rate:
    random: { stage: select, imagesPerClass: 2 }
    usual: *match
stages:
  start: { stage: select, imagesPerClass: 2 }
  distil: { use: $rate }
  score: { stage: evaluate, images: distil, epochs: 3 }
compare: { baseline: { rate: random } }
`;

it('goes on from the kept end of fewer iterations, and says so before', async () => {
  const project = new Project().write({ 'curves.yaml': EXPERIMENT });
  const only = ['--only', 'distil*rate=usual*'];
  expect((await project.retort(['run', 'curves.yaml', ...only])).code).toBe(0);
  const longer = 'matrix.rate.usual.iterations=20';
  const planned = await project.retort(['plan', 'curves.yaml', longer]);
  expect(planned.stdout).toContain('continues from step 8 of key ');
  const ran = await project.retort(['run', 'curves.yaml', longer, ...only, '--reporter', 'ndjson']);
  expect(events(ran.stdout).filter(({ type }) => type === 'node-started')).toMatchObject([
    { node: 'distil[rate=usual,set=1]', fromStep: 8 },
  ]);
});
