/**
 * What Ctrl-C means. The first signal asks the run to finish its steps, write checkpoints and end with 75; a second one
 * ends it at once with 130, which loses nothing but the work since the last checkpoints.
 */
import { handOverSignals, SIGNALS } from './early-signals.ts';
import { EXIT } from './exit-codes.ts';

/** npm passes on to its child the Ctrl-C that the terminal has already sent to both: one key, two signals. */
const ONE_KEY_MS = 400;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Signals mean what they meant before. */
  close(): void;
}

export function interruption(): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(name);
    } else if (performance.now() - firstAt > ONE_KEY_MS) process.exit(EXIT.stopped);
  };
  // A terminal that is closed ends the run as Ctrl-C does. Under `nohup`, which points stderr elsewhere, it goes on.
  const signals: readonly NodeJS.Signals[] = process.stderr.isTTY ? [...SIGNALS, 'SIGHUP'] : SIGNALS;
  for (const name of signals) process.on(name, onSignal);
  handOverSignals();
  return {
    signal: controller.signal,
    close() {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
