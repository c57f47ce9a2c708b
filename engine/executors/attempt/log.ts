/** The log of an attempt: what the engine says of it, between whatever the stage and its libraries print. */
import { appendFileSync } from 'node:fs';

export type Log = (text: string) => void;

export function openLog(path: string): Log {
  return (text) => {
    try {
      appendFileSync(path, `${new Date().toISOString()} ${text}\n`);
    } catch {
      // A log is no reason to lose an attempt.
    }
  };
}
