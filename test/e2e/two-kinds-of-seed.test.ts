/**
 * Two kinds of seed: synthetic sets and evaluations of one set are different axes, and evaluations of one set are never
 * counted as independent evidence for the method.
 */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('Two kinds of seed: evaluations of one set raise no n, and the table says why', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });
  const repeated = ['grid.yaml', 'replicates.sets=1', 'replicates.evaluations=3'];
  await project.retort(['run', ...repeated, '--reporter', 'silent']);
  const table = await project.retort(['compare', ...repeated]);
  expect(table.stdout).toMatch(/\nrandom +1 x 3 +[\d.]+ +- +[\d.]+ +- /);
  expect(table.stdout).toContain('Pseudo-replication: 3 evaluations of one synthetic set are one draw of the method');
});
