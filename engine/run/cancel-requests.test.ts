/** Cancelled from elsewhere: one node ends with a checkpoint and the rest goes on, or the whole run ends as by Ctrl-C. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { nodesOf, runTrivial } from '../../test/rig/trivial-run.ts';
import { askToCancel, isAsked } from '../store/cancel-files.ts';
import { allRuns, openRun, type RunFolder } from '../store/runs.ts';
import { openStore } from '../store/store.ts';

const folders: string[] = [];
afterAll(() => folders.map((folder) => rmSync(folder, { recursive: true, force: true })));

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-cancel-'));
  folders.push(folder);
  return folder;
}

function newestRun(folder: string): RunFolder {
  const store = unwrap(openStore(folder));
  return unwrap(openRun(store, allRuns(store).at(-1) ?? ''));
}

/** Waits after its first step until it is asked to stop, or its gate is open. */
function waiting(folder: string) {
  const gate = join(folder, 'gate');
  return { long: { steps: 20, gateAt: 2, gate }, open: () => writeFileSync(gate, '') };
}

it('one node is cancelled with what reads it, the others are done, and the same command takes it up again', async () => {
  const folder = newFolder();
  const { long, open } = waiting(newFolder());
  const experiment = { cells: [{ long, after: { from: 'long', steps: 1 } }, { short: { steps: 2, salt: 1 } }] };
  const first = await runTrivial(folder, experiment, {
    concurrency: 2,
    onEvent(event) {
      if (event.type !== 'node-progress' || !event.node.startsWith('long')) return;
      askToCancel(newestRun(folder), { node: event.node });
    },
  });
  expect(first.outcome.outcome).toBe('interrupted');
  expect(nodesOf(first.events, 'node-done')).toHaveLength(1);
  const skipped = first.events.filter((event) => event.type === 'node-skipped');
  expect(skipped).toMatchObject([{ reason: 'cancelled' }, { reason: 'cancelled' }]);
  expect(isAsked(newestRun(folder), {})).toBe(false);

  open();
  const second = await runTrivial(folder, experiment);
  expect(second.outcome).toMatchObject({ outcome: 'done', run: first.outcome.run });
  const started = second.events.find((event) => event.type === 'node-started');
  expect(started?.type === 'node-started' && started.fromStep).toBeGreaterThan(0);
});

it('a whole run ends as interrupted, and a request from before it began is not heard', async () => {
  const folder = newFolder();
  const { long, open } = waiting(newFolder());
  const { outcome, events } = await runTrivial(
    folder,
    { cells: [{ long }] },
    { onEvent: (event) => event.type === 'node-progress' && askToCancel(newestRun(folder), {}) },
  );
  expect(outcome.outcome).toBe('interrupted');
  expect(events.find(({ type }) => type === 'interrupt')).toMatchObject({ message: expect.stringContaining('cancel') });

  askToCancel(newestRun(folder), {});
  open();
  expect((await runTrivial(folder, { cells: [{ long }] })).outcome.outcome).toBe('done');
});
