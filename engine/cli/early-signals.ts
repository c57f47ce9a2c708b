/**
 * Ctrl-C in the first moments of `run`, before its own handlers stand (`interrupt.ts`): nothing has been started, and the
 * answer is the same as later, 75. Loaded before everything else, which takes longest.
 */
import { writeSync } from 'node:fs';
import { EXIT } from './exit-codes.ts';

/** SIGUSR2 is what Slurm can be asked to send before the time is up. */
export const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGUSR2'];

if (process.argv[2] === 'run') for (const name of SIGNALS) process.on(name, end);

/** From now on signals are heard elsewhere. */
export function handOverSignals(): void {
  for (const name of SIGNALS) process.off(name, end);
}

function end(): void {
  try {
    writeSync(process.stderr.fd, 'Interrupted before anything was started; the same command starts it.\n');
  } catch {
    // A terminal that has gone away hears nothing.
  }
  process.exit(EXIT.interrupted);
}
