/** How a run stands: as it was kept when its driver let go of it, else from its events. */
import { type Standing, standingOf } from '../report/standing.ts';
import { keepStanding, readKeptStanding } from '../store/kept-standing.ts';
import { eventsPath, readRunEvents } from '../store/run-events.ts';
import type { Store } from '../store/store.ts';

/** `driven`: somebody is at work on it now, so that only its events can tell. */
export function standingOfRun(store: Store, id: string, { driven }: { readonly driven: boolean }): Standing {
  const kept = driven ? undefined : (readKeptStanding(store, id) as Standing | undefined);
  return kept ?? standingOf(readRunEvents(eventsPath(store, id), { brief: true }).events, driven);
}

/** For later looks, by whoever has driven the run to where it is. */
export function keepStandingOfRun(store: Store, id: string): void {
  if (!readKeptStanding(store, id)) keepStanding(store, id, () => standingOfRun(store, id, { driven: false }));
}
