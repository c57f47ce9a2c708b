/**
 * `plan --probe`: a price from a few steps where there is no history, in a store that is thrown away; what has no inputs yet
 * waits for them, and says so; the user's store is as it was.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Hold } from '../rig/hold.ts';
import { Project } from '../rig/retort.ts';

const GRID = tinyExperiment({ iterations: 100_000, sets: 2 })
  .replace(/ +random: .*\n/, '')
  .replace(/compare: .*\n/, '');

function project() {
  const folder = new Project().write({ 'grid.yaml': GRID });
  mkdirSync(folder.path('tmp'));
  const environment = { TMPDIR: folder.path('tmp') };
  return { retort: (...args: string[]) => folder.retort(args, environment), folder, environment };
}

const thrownAway = (folder: Project) => readdirSync(folder.path('tmp')).filter((name) => name.startsWith('retort-'));

function filesOf(store: string): string[] {
  return ['objects', 'keys', 'checkpoints', 'contents', 'chains', 'runs'].flatMap((part) => {
    const folder = join(store, part);
    return existsSync(folder)
      ? (readdirSync(folder, { recursive: true }) as string[]).map((file) => `${part}/${file}`)
      : [];
  });
}

it('prices what has no history by a few steps of it, and keeps nothing', async () => {
  const { retort, folder } = project();
  const said = await retort('plan', 'grid.yaml', '--probe');
  expect(said.code).toBe(0);
  expect(said.stderr).toMatch(/^Probe of start\[set=1\]: all of it in /m);
  // One of the two sets stands for both.
  expect(said.stderr).toMatch(/^Probe of distil\[method=dm,set=1\]: \d+ of 100000 steps in [\d.]+s; all of it about /m);
  expect(said.stderr).not.toContain('set=2');
  expect(said.stderr).toMatch(
    /^No probe of evaluate: it waits for its inputs: distil\[method=dm,set=1\] is not made yet\.$/m,
  );
  expect(said.stdout).toMatch(/\ndistil\[method=dm,set=2\] .* ~\S.* to run: first match\n/);
  // Bytes are known without history, of every node.
  expect(said.stdout).toMatch(/\nAbout [^(\n]* of work for 4 nodes[^(\n]*; [\d.]+ KiB on disk\.\n/);
  expect(said.stdout).toContain('\n4 nodes by the pace of a few steps, one probe of each kind of work: no interval.\n');
  expect(said.stdout).toContain('\nNo history for 2 nodes (evaluate): no price.\n');
  expect(existsSync(folder.path('runs'))).toBe(false);
  expect(thrownAway(folder)).toEqual([]);
  const after = await retort('plan', 'grid.yaml');
  expect(after.stdout).toContain('No history for 6 nodes (select, match, evaluate): no price.');
});

it('reads its inputs out of a store and writes nothing into it; what has a history is not tried', async () => {
  const { retort, folder } = project();
  expect((await retort('run', 'grid.yaml', '--only', 'start', '--reporter', 'silent')).code).toBe(0);
  const before = filesOf(folder.path('runs'));
  expect(before.some((file) => file.startsWith('objects/'))).toBe(true);
  const [plan] = JSON.parse((await retort('plan', 'grid.yaml', '--probe', '--json')).stdout).plans;
  expect(plan.probes.probed).toEqual([
    {
      ...{ node: 'distil[method=dm,set=1]', of: 100_000, finished: false },
      ...{ steps: expect.any(Number), seconds: expect.any(Number), whole: expect.any(Number) },
    },
  ]);
  expect(plan.probes.notProbed).toMatchObject([{ stage: 'evaluate' }]);
  expect(plan.price).toMatchObject({ estimated: 2, fromProbes: 2, withoutHistory: 2 });
  expect(plan.nodes.find(({ id }: { id: string }) => id === 'distil[method=dm,set=2]').estimate).toMatchObject({
    probe: true,
  });
  expect(filesOf(folder.path('runs'))).toEqual(before);
  expect(thrownAway(folder)).toEqual([]);
});

it('Ctrl-C ends a probe and leaves nothing behind', async () => {
  const { folder, environment } = project();
  // In the first step of the second probe.
  const hold = new Hold('step-done:2');
  const running = folder.start(['plan', 'grid.yaml', '--probe'], { ...environment, ...hold.environment });
  await hold.reached(running);
  await running.until(/Probe of start/);
  running.child.kill('SIGINT');
  const ended = await running.finished;
  expect(ended).toMatchObject({ code: 130, stdout: '' });
  expect(thrownAway(folder)).toEqual([]);
});
