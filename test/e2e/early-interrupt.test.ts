/** Ctrl-C while a run is still starting: however early, the exit code says that the same command continues. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

it('ends with 75, and the same command goes on', async () => {
  const project = new Project().write({
    'tiny.yaml': tinyExperiment(),
    // Says when the first handler is about to stand: hardly anything has been loaded by then.
    'tell.mjs': `process.on('newListener', (name) => name === 'SIGUSR2' && process.stderr.write('listening\\n'));`,
  });
  const run = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson'], {
    NODE_OPTIONS: `--import=${project.path('tell.mjs')}`,
  });
  await run.until(/listening/);
  const { code, signal, stdout } = await run.kill('SIGINT');
  expect({ code, signal }).toEqual({ code: 75, signal: null });
  expect(events(stdout)).toEqual([]);
  expect(existsSync(project.path('runs'))).toBe(false);
  expect((await project.retort(['run', 'tiny.yaml'])).code).toBe(0);
});
