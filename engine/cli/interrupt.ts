/**
 * What Ctrl-C means. The first press asks the run to finish its steps, write checkpoints and end with 75; a second one
 * ends it at once with 130, which loses nothing but the work since the last checkpoints.
 */
import { handOverSignals, SIGNALS } from './early-signals.ts';
import { EXIT } from './exit-codes.ts';
import { countPresses, isPassedOn } from './presses.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Ctrl-C as a key, from a terminal that hands keys over. */
  press(): void;
  /** Signals mean what they meant before. */
  close(): void;
}

export function interruption(): Interruption {
  const controller = new AbortController();
  const presses = countPresses({ passedOn: isPassedOn(process.env) });
  const act = (pressed: number, name: NodeJS.Signals) => {
    if (pressed > 1) process.exit(EXIT.stopped);
    controller.abort(name);
  };
  const onSignal = (name: NodeJS.Signals) => act(presses.heard(performance.now()), name);
  // A terminal that is closed ends the run as Ctrl-C does. Under `nohup`, which points stderr elsewhere, it goes on.
  const signals: readonly NodeJS.Signals[] = process.stderr.isTTY ? [...SIGNALS, 'SIGHUP'] : SIGNALS;
  for (const name of signals) process.on(name, onSignal);
  handOverSignals();
  return {
    signal: controller.signal,
    press: () => act(presses.pressed(), 'SIGINT'),
    close() {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
