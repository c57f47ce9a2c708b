/** How a run stands: what was kept of its events, and what has happened since. */
import type { Reporter } from '../events.ts';
import { type KeptAccount, RunAccount, type Standing } from '../report/standing.ts';
import { keepStanding, readKeptStanding } from '../store/kept-standing.ts';
import { eventsPath, readRunEvents } from '../store/run-events.ts';
import type { Store } from '../store/store.ts';

/** `driven`: somebody is at work on it now. */
export function standingOfRun(store: Store, id: string, { driven }: { readonly driven: boolean }): Standing {
  return accountOf(store, id).account.standing(driven);
}

/** For later looks, by whoever drives the run or has driven it to where it is. */
export function keepStandingOfRun(store: Store, id: string): void {
  const { account, next, isKept } = accountOf(store, id);
  if (!isKept) keepStanding(store, id, () => ({ standing: account.kept(), next }));
}

/**
 * Events between one keeping and the next: what a look has to read takes it a tenth of the time that it has, and keeping
 * ten thousand nodes as long.
 */
const KEEP_EVERY = 2_000;

/** Keeps how the run stands while it goes on. */
export function standingKeeper(store: Store): Reporter {
  let run: string | undefined;
  let events = 0;
  return {
    onEvent(event) {
      if (event.type === 'run-started') run = event.run;
      if (++events % KEEP_EVERY === 0 && run !== undefined) keepStandingOfRun(store, run);
    },
    close() {},
  };
}

interface Account {
  readonly account: RunAccount;
  /** Offset behind the events that are in it. */
  readonly next: number;
  /** It is what was kept: nothing has happened since. */
  readonly isKept: boolean;
}

function accountOf(store: Store, id: string): Account {
  const path = eventsPath(store, id);
  const kept = readKeptStanding(store, id);
  if (!kept) {
    const { events, next } = readRunEvents(path, { brief: true });
    return { account: new RunAccount().add(events), next, isKept: false };
  }
  const { events, next } = readRunEvents(path, { from: kept.next, plans: false });
  const account = RunAccount.of(kept.standing as KeptAccount).add(events);
  return { account, next, isKept: next === kept.next };
}
