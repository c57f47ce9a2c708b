/** kill -9 of the driver or of a child at several moments; the same command continues, repeats nothing, gives the same bytes. */
import { expect, it } from 'vitest';
import { results } from '../rig/artifacts.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Hold } from '../rig/hold.ts';
import { type Event, events, Project, type Running } from '../rig/retort.ts';

const EXPERIMENT = tinyExperiment({ iterations: 30, epochs: 3, sets: 1 });
const RUN = ['run', 'tiny.yaml', '--reporter', 'ndjson'];

function newProject(): Project {
  return new Project().write({ 'tiny.yaml': EXPERIMENT });
}

let undisturbed: Promise<Record<string, unknown>> | undefined;

/** What everything must come to in the end: made once, by the first test that asks. */
function expected(): Promise<Record<string, unknown>> {
  undisturbed ??= (async () => {
    const project = newProject();
    expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
    return results(project.path('runs'));
  })();
  return undisturbed;
}

const isMatching = (event: Event) => /^distil\[.*dm/.test(event.node ?? '');

/** In the middle of matching: a process that waits there. The other nodes together have fewer steps. */
async function inTheMiddle(
  project: Project,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ running: Running; hold: Hold }> {
  const hold = new Hold('step-done:20');
  const running = project.start(RUN, { ...hold.environment, ...environment });
  await hold.reached(running);
  return { running, hold };
}

const MOMENTS: readonly [string, (event: Event) => boolean][] = [
  ['before the first node is done', ({ type }) => type === 'node-started'],
  ['when a first synthetic set is done', (event) => event.type === 'node-done' && isMatching(event)],
  ['in an evaluation', ({ type, node }) => type === 'node-started' && node?.startsWith('score') === true],
];

it.each([...MOMENTS, ['in the middle of matching', undefined] as const])('driver killed %s', async (_, moment) => {
  const project = newProject();
  const { running, hold } = moment ? { running: project.start(RUN) } : await inTheMiddle(project);
  if (moment) await running.event(moment);
  const killed = await running.kill('SIGKILL');
  hold?.release();
  const finished = events(killed.stdout)
    .filter((event) => event.type === 'node-done')
    .map((event) => event.node);

  const again = await project.retort(RUN);
  expect(again.code).toBe(0);
  const started = events(again.stdout)
    .filter((event) => event.type === 'node-started')
    .map((event) => event.node);
  expect(started.filter((node) => finished.includes(node))).toEqual([]);
  expect(results(project.path('runs'))).toEqual(await expected());
});

it('a killed child: the same command goes on by itself', async () => {
  const project = newProject();
  const { running } = await inTheMiddle(project);
  for (const pid of running.children()) process.kill(pid, 'SIGKILL');
  const { code, stdout } = await running.finished;
  expect(code).toBe(0);
  const seen = events(stdout);
  expect(seen.filter((event) => event.type === 'node-failed' && !event.willRetry)).toEqual([]);
  expect(seen.some((event) => event.type === 'node-started' && event.attempt === 2)).toBe(true);
  expect(results(project.path('runs'))).toEqual(await expected());
});

it.each(['SIGINT', 'SIGTERM', 'SIGUSR2'] as const)(
  '%s: a checkpoint, exit 75, and the same command continues there',
  async (signal) => {
    const project = newProject();
    const { running, hold } = await inTheMiddle(project, { npm_execpath: 'npm' });
    // npm passes a Ctrl-C on to us that the terminal has sent already: two signals are still one key.
    running.child.kill(signal);
    running.child.kill(signal);
    await running.event(({ type }) => type === 'interrupt');
    hold.release();
    const stopped = await running.finished;
    expect(stopped.code).toBe(75);
    const written = events(stopped.stdout).find((event) => event.type === 'node-checkpoint' && isMatching(event));
    expect(written?.step).toBeGreaterThanOrEqual(8);

    const planned = await project.retort(['plan', 'tiny.yaml']);
    expect(planned.stdout).toMatch(new RegExp(`distil.*to continue after step ${written?.step}\\b`));
    const again = await project.retort(RUN);
    expect(again.code).toBe(0);
    const resumed = events(again.stdout).find((event) => event.type === 'node-started' && event.node === written?.node);
    expect(resumed?.fromStep).toBe(written?.step);
    expect(results(project.path('runs'))).toEqual(await expected());
  },
);

it('a second Ctrl-C ends at once with 130, and the same command continues', async () => {
  const project = newProject();
  // A step that takes for ever.
  const { running } = await inTheMiddle(project);
  running.child.kill('SIGINT');
  await running.event(({ type }) => type === 'interrupt');
  const impatient = setInterval(() => running.child.kill('SIGINT'), 50);
  const { code } = await running.finished;
  clearInterval(impatient);
  expect(code).toBe(130);
  // The driver took its children with it, the busy one too.
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  expect(results(project.path('runs'))).toEqual(await expected());
});
