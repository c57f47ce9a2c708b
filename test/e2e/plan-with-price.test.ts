/**
 * Plan with price: what will run and what it costs, from history or with "no history" said plainly, what the cache saves;
 * and the executed set is the planned set.
 */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

it('Plan with price: no history is said, then time, disk and savings; plan and run agree', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 2, sets: 1 }) });
  const planned = async () => JSON.parse((await project.retort(['plan', 'grid.yaml', '--json'])).stdout).plans[0];
  const toRun = (plan: { nodes: { id: string; state: string }[] }) =>
    plan.nodes.flatMap(({ id, state }) => (state.startsWith('to ') ? [id] : [])).sort();
  const executed = async () =>
    events((await project.retort(['run', 'grid.yaml', '--reporter', 'ndjson'])).stdout)
      .flatMap(({ type, node }) => (type === 'node-done' ? [node ?? ''] : []))
      .sort();

  const blind = await project.retort(['plan', 'grid.yaml']);
  expect(blind.stdout).toContain(
    '4 nodes: 4 to run, 0 hits.\nNo history for 4 nodes (select, evaluate, match): no price.',
  );
  const first = toRun(await planned());
  expect(first).toHaveLength(4);
  expect(await executed()).toEqual(first);
  const { price } = await planned();
  expect(price).toMatchObject({ estimated: 0, withoutHistory: 0 });
  expect(price.savedSeconds).toBeGreaterThan(0);

  // The file moves on: some of it is there, and the rest has a price.
  project.write({ 'grid.yaml': tinyExperiment({ iterations: 4, sets: 2 }) });
  const plan = await project.retort(['plan', 'grid.yaml']);
  expect(plan.stdout).toMatch(/score\[method=dm,set=1,evaluation=1\] .*~[\d.]+s +to run: /);
  expect(plan.stdout).toMatch(/\nAbout [\d.]+s.* of work.*on disk\.\n/);
  const values = await project.retort(['plan', 'grid.yaml', '--values', 'stages.score.epochs=3']);
  expect(values.stdout).toMatch(/\n {2}epochs +3 +command line \(stages\.score\.epochs=3\)\n/);
  expect(values.stdout).toMatch(/\n {2}iterations +4 +grid\.yaml:8/);
  const second = toRun(await planned());
  expect(second.length).toBeGreaterThan(0);
  expect(await executed()).toEqual(second);
});
