/** kill -9 of the driver or of a child at several moments; the same command continues, repeats nothing, gives the same bytes. */
import { expect, it } from 'vitest';
import { results } from '../rig/artifacts.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

const EXPERIMENT = tinyExperiment({ iterations: 40, epochs: 3 });
let undisturbed: Record<string, unknown>;

interface Line {
  readonly type: string;
  readonly node?: string;
  readonly fromStep?: number;
  readonly step?: number;
  readonly attempt?: number;
  readonly willRetry?: boolean;
}

function lines(stdout: string): Line[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

it('undisturbed', async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  undisturbed = results(project.path('runs'));
});

const MOMENTS: readonly [string, RegExp][] = [
  ['before the first node is done', /"type":"node-started"/],
  ['in the middle of matching', /"node":"distil\[[^\]]*dm[^\]]*\]","step":1\d,/],
  ['when a first synthetic set is done', /"type":"node-done","node":"distil|"type":"node-done"[^}]*distil/],
  ['in an evaluation', /"type":"node-started"[^}]*"node":"score/],
];

it.each(MOMENTS)('driver killed %s', async (_, moment) => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  await running.until(moment);
  const killed = await running.kill('SIGKILL');
  const finished = lines(killed.stdout)
    .filter((line) => line.type === 'node-done')
    .map((line) => line.node);

  const again = await project.retort(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  expect(again.code).toBe(0);
  const started = lines(again.stdout)
    .filter((line) => line.type === 'node-started')
    .map((line) => line.node);
  expect(started.filter((node) => finished.includes(node))).toEqual([]);
  expect(results(project.path('runs'))).toEqual(undisturbed);
});

it('a killed child: the same command goes on, from the checkpoint or from the start', async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  await running.until(/"node":"distil\[[^\]]*dm[^\]]*\]","step":1\d,/);
  for (const pid of running.children()) process.kill(pid, 'SIGKILL');
  const { code, stdout } = await running.finished;
  expect(code).toBe(0);
  expect(lines(stdout).filter((line) => line.type === 'node-failed' && !line.willRetry)).toEqual([]);
  expect(lines(stdout).some((line) => line.type === 'node-started' && line.attempt === 2)).toBe(true);
  expect(results(project.path('runs'))).toEqual(undisturbed);
});

it.each(['SIGINT', 'SIGTERM', 'SIGUSR2'] as const)(
  '%s: checkpoints, exit 75, and the same command continues there',
  async (signal) => {
    const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
    const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
    await running.until(/"node":"distil\[[^\]]*dm[^\]]*\]","step":1\d,/);
    // npm passes a Ctrl-C on to us that the terminal has sent already: two signals are still one key.
    running.child.kill(signal);
    const stopped = await running.kill(signal);
    expect(stopped.code).toBe(75);
    const written = lines(stopped.stdout)
      .filter((line) => line.type === 'node-checkpoint')
      .at(-1);
    expect(written?.step).toBeGreaterThan(0);

    const again = await project.retort(['run', 'tiny.yaml', '--reporter', 'ndjson']);
    expect(again.code).toBe(0);
    const resumed = lines(again.stdout).find((line) => line.type === 'node-started' && line.node === written?.node);
    expect(resumed?.fromStep).toBe(written?.step);
    expect(results(project.path('runs'))).toEqual(undisturbed);
  },
);

it('a second Ctrl-C ends at once with 130, and the same command continues', async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  await running.until(/"node":"distil\[[^\]]*dm[^\]]*\]","step":1\d,/);
  // A step that takes for ever.
  const children = running.children();
  for (const pid of children) process.kill(pid, 'SIGSTOP');
  running.child.kill('SIGINT');
  await running.until(/"type":"interrupt"/);
  const impatient = setInterval(() => running.child.kill('SIGINT'), 50);
  const { code } = await running.finished;
  clearInterval(impatient);
  for (const pid of children) process.kill(pid, 'SIGCONT');
  expect(code).toBe(130);
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  expect(results(project.path('runs'))).toEqual(undisturbed);
});
