/** Every event as one line of JSON, for programs. */
import type { Reporter } from '../events.ts';
import type { Output } from './plain.ts';

export const EVENTS_SCHEMA = 'retort-events/1';

export function ndjsonReporter(output: Output): Reporter {
  return {
    onEvent(event) {
      output.write(`${JSON.stringify({ schema: EVENTS_SCHEMA, ...event })}\n`);
    },
    close() {},
  };
}
