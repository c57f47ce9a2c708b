/** Events of a run on their way out: stamped, kept in the run's folder, shown by every reporter. */
import type { Reporter, RunEvent } from '../events.ts';

/** An event before it is stamped; distributes over the union, as `Omit` alone does not. */
export type Unstamped = RunEvent extends infer Event ? (Event extends RunEvent ? Omit<Event, 'at'> : never) : never;

/** Progress of a node is kept at most this often: a run of weeks must not fill the disk with it. */
const KEPT_PROGRESS_EVERY_MS = 1_000;

export class Journal {
  readonly #reporters: readonly Reporter[];
  readonly #keep: (event: RunEvent) => void;
  readonly #keptAt = new Map<string, number>();
  readonly #warnedOf = new Set<string>();

  constructor(reporters: readonly Reporter[], keep: (event: RunEvent) => void) {
    this.#reporters = reporters;
    this.#keep = keep;
  }

  emit(unstamped: Unstamped): void {
    const now = Date.now();
    const event = { at: new Date(now).toISOString(), ...unstamped } as RunEvent;
    if (this.#isKept(event, now)) this.#keep(event);
    for (const reporter of this.#reporters) reporter.onEvent(event);
  }

  /** One warning of each subject in a run, with the first node that gave occasion. */
  warnOnce(subject: string, message: string, node: string): void {
    if (this.#warnedOf.has(subject)) return;
    this.#warnedOf.add(subject);
    this.emit({ type: 'warning', message, node });
  }

  #isKept(event: RunEvent, now: number): boolean {
    if (event.type !== 'node-progress' || event.step === event.steps) return true;
    if (now - (this.#keptAt.get(event.node) ?? 0) < KEPT_PROGRESS_EVERY_MS) return false;
    this.#keptAt.set(event.node, now);
    return true;
  }
}
