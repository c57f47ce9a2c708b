/** A file that was changed: `plan` and `run` say what differs from the newest run of the experiment, and only then. */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

const ONLY = ['--only', 'start', '--reporter'];

it('the next plan and run of a changed file say which cells and settings differ from the run before', async () => {
  const before = tinyExperiment({ sets: 1 });
  const project = new Project().write({ 'grid.yaml': before });
  const first = await project.retort(['run', 'grid.yaml', ...ONLY, 'plain']);
  expect(first.stderr).not.toContain('Differs from');
  expect((await project.retort(['plan', 'grid.yaml'])).stdout).not.toContain('Differs from');

  const after = tinyExperiment({ sets: 2, epochs: 4 }).replace(/ {4}random: .*\n/, (line) =>
    line.replace('random: {', 'herding: {').replace('method: random', 'method: herding'),
  );
  project.write({ 'grid.yaml': after.replace('baseline: { method: random }', 'baseline: { method: dm }') });
  const planned = await project.retort(['plan', 'grid.yaml']);
  const [, run = ''] = /\nDiffers from run (\S+):\n/.exec(planned.stdout) ?? [];
  const lines = [
    `Differs from run ${run}:`,
    '  1 cell added: method=herding',
    '  1 cell gone: method=random; results stay (`retort compare grid.yaml --all-cells`)',
    '  replicates.sets 1 → 2',
    '  score.epochs 1 → 4',
  ];
  expect(planned.stdout).toContain(`\n${lines.join('\n')}\n\n`);
  const [plan] = JSON.parse((await project.retort(['plan', 'grid.yaml', '--json'])).stdout).plans;
  expect(plan.since).toMatchObject({ run, cellsAdded: [{ method: 'herding' }], cellsGone: [{ method: 'random' }] });

  const [started] = events((await project.retort(['run', 'grid.yaml', ...ONLY, 'ndjson'])).stdout);
  expect(started).toMatchObject({ type: 'run-started', since: plan.since });
  // That run is the newest now.
  const again = await project.retort(['run', 'grid.yaml', ...ONLY, 'plain']);
  expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining('Differs from')]);

  project.write({ 'grid.yaml': before });
  const back = await project.retort(['run', 'grid.yaml', ...ONLY, 'plain']);
  expect(back.stderr).toMatch(/Z Differs from run .*:\n.*Z {3}1 cell added: method=random\n/);
});
