import { expect, it } from 'vitest';
import type { Reporter } from '../events.ts';
import { ndjsonReporter } from './ndjson.ts';
import { plainReporter } from './plain.ts';
import { at, exampleEvents } from './recorded-run.ts';
import { silentReporter } from './silent.ts';
import { duration, figure, isShare, rate } from './wording.ts';

function written(make: (output: { write(text: string): void }) => Reporter, events = exampleEvents()): string {
  let text = '';
  const reporter = make({ write: (more) => (text += more) });
  for (const event of events) reporter.onEvent(event);
  reporter.close();
  return text;
}

it('plain: one line an event, progress throttled', () => {
  expect(written(plainReporter)).toMatchInlineSnapshot(`
    "12:00:00Z starting distribution matching: 4 nodes, 2 cells
    12:00:00Z data: Fashion-MNIST, bundled subset; backend onnxruntime; run folder runs/runs/20260301-120000-distribution-matching-1f2e
    12:00:00Z distil[method=random,set=0]: hit
    12:00:00Z distil[method=dm,set=0]: started, 300 steps
    12:00:00Z score[method=random,set=0,evaluation=0]: started, 100 steps
    12:00:10Z distil[method=dm,set=0]: step 60 of 300, 6.0/s, 40s left, loss 7.5
    12:00:20Z distil[method=dm,set=0]: step 120 of 300, 6.0/s, 30s left, loss 6
    12:00:20Z distil[method=dm,set=0]: checkpoint at step 120
    12:00:21Z warning: distil[method=dm,set=0]: two figures were not finite
    12:00:22Z score[method=random,set=0,evaluation=0]: done in 22s: accuracy 75.2%
    12:00:23Z distil[method=dm,set=0]: failed: The loss of step 121 is not a number. (STEP_NOT_FINITE)
    12:00:23Z   help: Lower the learning rate.
    12:00:23Z   log: logs/a.log
    12:00:23Z score[method=dm,set=0,evaluation=0]: not run, since a node it needs failed
    12:00:23Z finished with failures in 23s: 1 run, 1 hit
    "
  `);
});

it('plain: a retry, a second attempt that resumes, a joined node and an interruption', () => {
  const node = 'distil[set=0]';
  expect(
    written(plainReporter, [
      at(0, {
        type: 'node-failed',
        node,
        failure: { code: 'CHILD_ENDED', message: 'The child process was killed by SIGKILL.' },
        log: 'a.log',
        willRetry: true,
      }),
      at(1, { type: 'node-started', node, attempt: 2, fromStep: 120, steps: 300, log: 'a.log' }),
      at(2, { type: 'node-joined', node: 'distil[set=1]', owner: 'process 12 on host' }),
      at(3, { type: 'interrupt', message: 'finishing the step and checkpointing; press Ctrl-C again to stop now' }),
      at(4, { type: 'run-finished', outcome: 'interrupted', executed: 0, hits: 0, seconds: 4 }),
    ]),
  ).toMatchInlineSnapshot(`
    "12:00:00Z distil[set=0]: failed, will be tried again: The child process was killed by SIGKILL. (CHILD_ENDED)
    12:00:00Z   log: a.log
    12:00:01Z distil[set=0]: started, attempt 2, from step 120 of 300
    12:00:02Z distil[set=1]: waiting for process 12 on host, who is already working on it
    12:00:03Z finishing the step and checkpointing; press Ctrl-C again to stop now
    12:00:04Z interrupted in 4.0s: 0 run, 0 hits
    "
  `);
});

it('ndjson: every event as one line with its schema', () => {
  const lines = written(ndjsonReporter).trimEnd().split('\n');
  expect(lines).toHaveLength(exampleEvents().length);
  lines.forEach((line, index) => {
    expect(JSON.parse(line)).toEqual({ schema: 'retort-events/1', ...exampleEvents()[index] });
  });
});

it('silent: nothing', () => {
  expect(written(silentReporter)).toBe('');
});

it('durations, rates and figures', () => {
  expect([0, 9.96, 59.4, 59.6, 151, 3599.7, 3660, 86399, 90000].map(duration)).toMatchInlineSnapshot(`
    [
      "0.0s",
      "10s",
      "59s",
      "1m 00s",
      "2m 31s",
      "1h 00m",
      "1h 01m",
      "1d 00h",
      "1d 01h",
    ]
  `);
  expect([250, 6.04, 0.4, 0].map(rate)).toMatchInlineSnapshot(`
    [
      "250/s",
      "6.0/s",
      "2.5 s/step",
      "",
    ]
  `);
  expect([0, 3, 0.81234, 1234567, 0.000012345, 123.456, Number.NaN].map(figure)).toMatchInlineSnapshot(`
    [
      "0",
      "3",
      "0.8123",
      "1.23e+6",
      "1.23e-5",
      "123.5",
      "NaN",
    ]
  `);
});

it('accuracies are read in percent, also those before any step', () => {
  expect(['accuracy', 'expertAccuracy', 'accuracyBefore', 'lrs'].map(isShare)).toEqual([true, true, true, true]);
  expect(['loss', 'alpha', 'learningRate'].map(isShare)).toEqual([false, false, false]);
});
