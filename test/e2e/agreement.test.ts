/**
 * `plan` and `run` agree: the nodes that are executed are among those that were planned, and each planned node that was not
 * has an event that says why.
 */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Hold } from '../rig/hold.ts';
import { type Event, events, Project } from '../rig/retort.ts';

/** Ids of what `plan` says will be computed, and of what is there. */
async function planned(project: Project, args: readonly string[]): Promise<{ toRun: string[]; hits: string[] }> {
  const { code, stdout } = await project.retort(['plan', ...args, '--json']);
  expect(code).toBe(0);
  const nodes = JSON.parse(stdout).plans.flatMap((plan: { nodes: { id: string; state: string }[] }) => plan.nodes);
  const ids = (isHit: boolean) =>
    nodes.flatMap(({ id, state }: { id: string; state: string }) => ((state === 'hit') === isHit ? [id] : []));
  return { toRun: ids(false), hits: ids(true) };
}

/** Why nodes were not computed, as events say it. */
function absences(all: readonly Event[]): Record<string, string> {
  return Object.fromEntries(
    all.flatMap((event) => {
      const { node = '' } = event;
      if (event.type === 'node-hit') return [[node, 'hit']];
      if (event.type === 'node-cut-off') return [[node, 'cut off']];
      if (event.type === 'node-failed' && !event.willRetry) return [[node, 'failed']];
      if (event.type === 'node-skipped') return [[node, (event as { reason?: string }).reason ?? '']];
      return [];
    }),
  );
}

function executed(all: readonly Event[]): string[] {
  return all.flatMap(({ type, node }) => (type === 'node-done' && node ? [node] : []));
}

/** Plans, runs, compares; gives the reasons of what was planned and not done. */
async function compared(project: Project, args: readonly string[], reporter = ['--reporter', 'ndjson']) {
  const { toRun, hits } = await planned(project, args);
  const { code, stdout } = await project.retort(['run', ...args, ...reporter]);
  const all = events(stdout);
  const done = executed(all);
  const reasons = absences(all);
  expect(done.filter((node) => !toRun.includes(node))).toEqual([]);
  expect(toRun.filter((node) => !done.includes(node) && !reasons[node])).toEqual([]);
  expect(hits.filter((node) => reasons[node] !== 'hit')).toEqual([]);
  return { code, toRun, done, reasons };
}

const only = (reasons: Record<string, string>, reason: string) =>
  Object.keys(reasons).filter((node) => reasons[node] === reason);

it('executed nodes are among the planned ones, and every absence is an event with its reason', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });

  const failing = await compared(project, ['tiny.yaml', 'matrix.method.dm.learningRate=1e300']);
  expect(failing.code).toBe(1);
  expect(only(failing.reasons, 'failed')).toEqual(['distil[method=dm,set=1]']);
  expect(only(failing.reasons, 'upstream-failed')).toEqual(['score[method=dm,set=1,evaluation=1]']);

  const selected = await compared(project, ['tiny.yaml', '--only', 'distil']);
  expect(selected.code).toBe(0);
  expect(selected.done).toEqual(['distil[method=dm,set=1]']);
  expect(only(selected.reasons, 'not-selected')).toEqual(['score[method=dm,set=1,evaluation=1]']);

  const rest = await compared(project, ['tiny.yaml']);
  expect([rest.toRun, rest.done]).toEqual([
    ['score[method=dm,set=1,evaluation=1]'],
    ['score[method=dm,set=1,evaluation=1]'],
  ]);

  // Another number of threads is another key, but choosing images gives the same bytes.
  const again = await compared(project, ['tiny.yaml', '+stages.start.resources.threads=2']);
  expect(again.code).toBe(0);
  expect(again.done).toEqual(['start[set=1]']);
  expect(only(again.reasons, 'cut off')).toEqual(['distil[method=dm,set=1]', 'score[method=dm,set=1,evaluation=1]']);

  const nothing = await compared(project, ['tiny.yaml']);
  expect([nothing.toRun, nothing.done]).toEqual([[], []]);
});

it('what is cancelled, or computed by another driver meanwhile, says so too', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 40, epochs: 2, sets: 1 }) });
  const args = ['tiny.yaml', '--reporter', 'ndjson'];
  const { toRun } = await planned(project, ['tiny.yaml']);
  // No other node has so many steps. It is kept for as long as the other one needs to come and wait for it.
  const hold = new Hold('step-done:12');
  const first = project.start(['run', ...args], hold.environment);
  await hold.reached(first);
  const second = project.start(['run', ...args]);
  await second.event(({ type, node }) => type === 'node-joined' && node?.startsWith('distil[method=dm') === true);
  first.child.kill('SIGINT');
  await first.event(({ type }) => type === 'interrupt');
  hold.release();
  const [one, two] = [await first.finished, await second.finished];
  expect([one.code, two.code]).toEqual([75, 0]);
  const [oneEvents, twoEvents] = [events(one.stdout), events(two.stdout)];
  for (const all of [oneEvents, twoEvents]) {
    const [done, reasons] = [executed(all), absences(all)];
    expect(done.filter((node) => !toRun.includes(node))).toEqual([]);
    expect(toRun.filter((node) => !done.includes(node) && !reasons[node])).toEqual([]);
  }
  expect(only(absences(oneEvents), 'cancelled').length).toBeGreaterThan(0);
  const both = [...executed(oneEvents), ...executed(twoEvents)];
  expect(both.sort()).toEqual([...toRun].sort());
});

it('refuses a selection that means nothing', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  const { code, stderr } = await project.retort(['run', 'tiny.yaml', '--only', 'scroe']);
  expect(code).toBe(2);
  expect(stderr).toContain('No node of the plan matches `--only scroe`');
  expect(stderr).toContain('`score`');
});
