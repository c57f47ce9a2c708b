/**
 * Whether a heartbeat of another machine is fresh, when clocks cannot be trusted: its age is told by the clock of the disk,
 * but a clock that was set back makes a heartbeat lie in the future, for as long as it was set back. Such a one is watched
 * instead: it lives as long as it keeps changing, by our own clock that nobody can set.
 */
import { STALE_AFTER_MS } from './heartbeat.ts';

export class BeatWatch {
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly mtimeMs: number; readonly since: number }>();

  /** `now` in milliseconds, never set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  isFresh(heartbeat: string, mtimeMs: number, diskNow: number): boolean {
    const age = diskNow - mtimeMs;
    if (age > -STALE_AFTER_MS) {
      this.#seen.delete(heartbeat);
      return age < STALE_AFTER_MS;
    }
    const known = this.#seen.get(heartbeat);
    if (known?.mtimeMs !== mtimeMs) {
      this.#seen.set(heartbeat, { mtimeMs, since: this.#now() });
      return true;
    }
    return this.#now() - known.since < STALE_AFTER_MS;
  }
}
