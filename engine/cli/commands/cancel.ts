/**
 * Asks a run that another process drives to stop, or one node of it: steps are finished and checkpoints written, so that
 * the same command goes on later. Says whether the driver has heard.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunEvent } from '../../events.ts';
import { askToCancel, type CancelRequest, isAsked, withdraw } from '../../store/cancel-files.ts';
import { readEvents } from '../../store/event-log.ts';
import { holderIn, takeLeaseIn } from '../../store/leases.ts';
import { finishRun, type RunFolder, readRunEnd } from '../../store/runs.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findNode } from '../find-node.ts';
import { findRun } from '../find-run.ts';
import { storeFolder } from '../folders.ts';
import { tell, tellUsage } from '../output.ts';
import { told } from '../told.ts';

/** A driver looks twice a second; on a network disk a file may take its time. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 100;

export async function run(args: Arguments): Promise<number> {
  const [name = ''] = args.operands;
  const store = openStore(storeFolder(args));
  const found = told(store.ok ? targetOf(store.value, name) : store);
  if (!found.ok) return found.exit;
  const { run, request } = found.value;
  const what = request.node === undefined ? `run ${run.id}` : `${request.node} of run ${run.id}`;
  if (readRunEnd(run.store, run.id)) {
    tell(`Run ${run.id} has ended: there is nothing to cancel.\n`);
    return EXIT.usage;
  }
  const driver = () => holderIn(join(run.folder, 'lease'), run.store.tmp);
  const asked = driver();
  if (!asked && args.has('end')) return endUndriven(run, request, what);
  if (!asked) {
    tell(
      `Nobody drives run ${run.id} now: nothing of it is being computed. Running its experiment again continues it; \`--end\` ends it for good.\n`,
    );
    return EXIT.usage;
  }
  askToCancel(run, request);
  const until = performance.now() + PATIENCE_MS;
  while (isAsked(run, request) && performance.now() < until && driver()) await pause(LOOK_EVERY_MS);
  if (isAsked(run, request)) {
    withdraw(run, request);
    tell(
      `Process ${asked.pid} on ${asked.host}, which drives run ${run.id}, did not answer; \`retort unlock ${run.id}\` says whether it lives.\n`,
    );
    return EXIT.locked;
  }
  tell(
    request.node === undefined
      ? `Cancelled ${what}: process ${asked.pid} on ${asked.host} finishes its steps, writes checkpoints and exits with 75.\nThe same command continues it.\n`
      : `Cancelled ${what}: it ends with a checkpoint, what reads it is not run, and the rest of the run goes on.\nThe same command takes it up again.\n`,
  );
  return EXIT.done;
}

/** Results and checkpoints stay, for whoever finds them by key; the run alone is no longer continued, nor kept by `gc`. */
function endUndriven(run: RunFolder, { node }: CancelRequest, what: string): number {
  if (node !== undefined) {
    tellUsage(`\`--end\` ends a whole run, got ${what}.`, 'cancel');
    return EXIT.usage;
  }
  const lease = takeLeaseIn(join(run.folder, 'lease'), run.store.tmp, { run: run.id });
  if (!lease.held) {
    tell(`Process ${lease.pid} on ${lease.host} has taken it up meanwhile; nothing was changed.\n`);
    return EXIT.locked;
  }
  const { events } = readEvents(run);
  const number = (type: RunEvent['type']) => events.filter((event) => event.type === type).length;
  const [executed, hits] = [number('node-done'), number('node-hit')];
  finishRun({ ...run, lease }, { outcome: 'failed', at: new Date().toISOString(), executed, hits, seconds: 0 });
  tell(`Ended ${what}. The same command begins a new run, which finds what is finished.\n`);
  return EXIT.done;
}

function targetOf(store: Store, name: string) {
  const run = findRun(store, name);
  if (run.ok) return { ok: true, value: { run: run.value, request: {} as CancelRequest } } as const;
  const node = findNode(store, name);
  if (!node.ok) return node;
  const { run: folder, name: id } = node.value;
  if (folder) return { ok: true, value: { run: folder as RunFolder, request: { node: id } as CancelRequest } } as const;
  return run;
}
