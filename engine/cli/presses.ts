/**
 * How often somebody has pressed Ctrl-C, told from the signals that came of it. The terminal sends one to every process of
 * the group, and some parents pass theirs on to their child: one key is then two signals.
 *
 * npm, npx and their like do so, after as long as they need to notice: under them every second signal within a while is the
 * same key. Other parents (`timeout`) send both at once, faster than any hand; nobody else sends two for one key.
 */

/** Milliseconds. The fastest of hands need three times as long for a second press. */
const AT_ONCE_MS = 25;
/** npm may be busy. */
const PASSED_ON_MS = 400;

export interface Presses {
  /** A signal came at this time, in milliseconds; answers with the number of presses up to now. */
  heard(at: number): number;
  /** The key itself, from a terminal that hands keys over: no other process hears of it. */
  pressed(): number;
}

/** `passedOn`: a parent passes on what the terminal has sent already. */
export function countPresses({ passedOn }: { readonly passedOn: boolean }): Presses {
  let presses = 0;
  let pressedAt = 0;
  /** The signal that the parent passes on has come for the newest press, or there is none to come. */
  let complete = true;
  return {
    heard(at) {
      const since = at - pressedAt;
      const sameKey = presses > 0 && (complete ? since < AT_ONCE_MS : since < PASSED_ON_MS);
      if (sameKey) complete = true;
      else {
        presses++;
        pressedAt = at;
        complete = !passedOn;
      }
      return presses;
    },
    pressed: () => ++presses,
  };
}

/** Started by a package manager, as far as the environment says. */
export function isPassedOn(environment: NodeJS.ProcessEnv): boolean {
  return Boolean(environment.npm_execpath || environment.npm_lifecycle_event);
}
