/** Ctrl-C while a run is still starting: however early, the exit code says that the same command continues. */
import { existsSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

const TELL = `import { existsSync } from 'node:fs';
process.once('newListener', function tell(name) {
  if (name !== 'SIGUSR2') return void process.once('newListener', tell);
  process.stderr.write('listening\\n');
  while (!existsSync('heard')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
});
`;

it('ends with 75, and the same command goes on', async () => {
  const project = new Project().write({
    'tiny.yaml': tinyExperiment(),
    // Says when the last of the first handlers is about to stand, and waits: hardly anything has been loaded by then.
    'tell.mjs': TELL,
  });
  const run = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson'], {
    NODE_OPTIONS: `--import=${project.path('tell.mjs')}`,
  });
  await run.until(/listening/);
  run.child.kill('SIGINT');
  writeFileSync(project.path('heard'), '');
  const { code, signal, stdout } = await run.finished;
  expect({ code, signal }).toEqual({ code: 75, signal: null });
  expect(events(stdout)).toEqual([]);
  expect(existsSync(project.path('runs'))).toBe(false);
  expect((await project.retort(['run', 'tiny.yaml'])).code).toBe(0);
});
