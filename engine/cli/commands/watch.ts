/** The run of another process as it goes, from its files: the live view on a terminal, lines elsewhere. Leaves the run alone. */
import { join } from 'node:path';
import type { Reporter, RunEvent } from '../../events.ts';
import { plainLines, plainReporter } from '../../report/plain.ts';
import { holderIn } from '../../store/leases.ts';
import { eventsPath, follow, readRunEvents } from '../../store/run-events.ts';
import { readRunEnd } from '../../store/runs.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { findRunId } from '../find-run.ts';
import { storeFolder } from '../folders.ts';
import { print, tell, tellFailure } from '../output.ts';
import { keyboard, liveView, reporterName } from '../reporter.ts';

type RunFinished = Extract<RunEvent, { type: 'run-finished' }>;

export async function run(args: Arguments): Promise<number> {
  const store = openStore(storeFolder(args));
  const id = store.ok ? findRunId(store.value, args.operands[0] ?? 'last') : store;
  if (!store.ok || !id.ok) {
    const { error } = id as Extract<typeof id, { ok: false }>;
    tellFailure(error);
    return exitCodeOf(error);
  }
  const leaving = new AbortController();
  const leave = (exit: number) => leaving.abort(exit);
  const onSignal = () => leave(EXIT.stopped);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, onSignal);
  // Nobody reads it any more: `retort watch | head -1`.
  process.stdout.once('error', () => leave(EXIT.done));
  // The live view takes its lines away with it, so what became of the run is said once more where it was.
  const live = process.stdout.isTTY && reporterName(undefined) === 'tui';
  const reporter = await reporterFor(live, leave);
  let ended: RunFinished | undefined;
  try {
    return await watchRun(store.value, id.value, reporter, leaving.signal, (event) => {
      ended = event;
    });
  } finally {
    await reporter.close();
    if (live && ended)
      tell(
        `${plainLines()(ended).join('\n')}\n\`retort status ${id.value}\` says how it stands, \`retort compare\` shows its table.\n`,
      );
    if (leaving.signal.reason === EXIT.stopped) tell(`Run ${id.value} goes on; \`retort watch\` shows it again.\n`);
  }
}

async function reporterFor(live: boolean, leave: (exit: number) => void): Promise<Reporter> {
  // What `watch` shows is what was asked for, so lines go to stdout.
  if (!live) return plainReporter({ write: print });
  return liveView(keyboard({ interrupt: () => leave(EXIT.stopped), left: () => leave(EXIT.done) }), true);
}

/** Until the run has ended, its driver is gone, or the signal. */
function watchRun(
  store: Store,
  id: string,
  reporter: Reporter,
  signal: AbortSignal,
  onEnd: (event: RunFinished) => void,
): Promise<number> {
  const path = eventsPath(store, id);
  return new Promise((settle) => {
    let next = 0;
    let settled = false;
    const end = (exit: number) => {
      settled = true;
      following.close();
      signal.removeEventListener('abort', aborted);
      settle(exit);
    };
    const aborted = () => end(signal.reason as number);
    const read = (): readonly RunEvent[] => {
      const more = readRunEvents(path, { from: next });
      const events = next === 0 ? sinceLastStart(more.events) : more.events;
      next = more.next;
      for (const event of events) reporter.onEvent(event);
      return events;
    };
    const look = () => {
      let events = read();
      // Who writes lives; only of a silent one it is asked, and what it wrote meanwhile is read before it is believed gone.
      const silent = events.length === 0 && holderIn(join(store.runs, id, 'lease'), store.tmp) === undefined;
      if (silent) events = read();
      const last = events.findLast((event) => event.type === 'run-finished');
      if (last?.type === 'run-finished') {
        onEnd(last);
        end(EXIT[last.outcome]);
      } else if (silent) end(gone(store, id));
    };
    const following = follow(path, look);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
    else {
      look();
      // Of a run that ended long ago nothing more comes.
      if (next > 0 && !settled) look();
    }
  });
}

/** A run that was continued shows itself from where it was taken up. */
function sinceLastStart(events: readonly RunEvent[]): readonly RunEvent[] {
  const at = events.findLastIndex(({ type }) => type === 'run-started');
  return events.slice(Math.max(0, at));
}

function gone(store: Store, id: string): number {
  const end = readRunEnd(store, id);
  if (end) return EXIT[end.outcome];
  tell(`Nobody drives run ${id} now: running its experiment again continues it.\n`);
  return EXIT.interrupted;
}
