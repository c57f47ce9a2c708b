/**
 * stdout is for data (tables, JSON, lists), stderr for everything else. Colour is judged for each of them separately.
 * A reader that goes away (`retort compare … | head`), or a terminal that is closed, is no error: what is written
 * afterwards is dropped.
 */

import type { Failure } from '../../base/result.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { formatDiagnostics } from '../config/diagnostics.ts';
import { errorDocument, note } from './unsaid.ts';

/** EPIPE from pipes and sockets; the others from terminals. */
const GONE = new Set(['EPIPE', 'EIO', 'ENXIO', 'EBADF', 'ECONNRESET']);

/** Once, before the first line. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.has(error.code ?? '')) throw error;
    });
}

let isPrinted = false;

export function print(text: string): void {
  isPrinted = true;
  process.stdout.write(text);
}

/** At the end of a command. */
export function printErrorsAsJson(): void {
  const document = isPrinted ? undefined : errorDocument();
  if (document) print(document);
}

export function tell(text: string): void {
  process.stderr.write(text);
}

/** Until both streams have handed over what was written: `process.exit` does not wait for pipes. */
export async function drained(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    if (stream.writable) await new Promise<void>((done) => stream.write('', () => done()));
}

export function wantsColour(stream: NodeJS.WriteStream): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && !NO_COLOR && TERM !== 'dumb';
}

export function tellDiagnostics(diagnostics: readonly Diagnostic[]): void {
  note(diagnostics);
  tell(formatDiagnostics(diagnostics, { color: wantsColour(process.stderr) }));
}

/** As diagnostics are written: place and sentence, then what to do. */
export function tellFailure(failure: Failure): void {
  const { code, message, place, help } = failure;
  note([{ code, message, ...(place !== undefined && { file: place }), ...(help !== undefined && { help }) }]);
  tell(
    `${failure.place ? `${failure.place}: ` : ''}${sentence(failure)}\n${failure.help ? `    ${failure.help}\n` : ''}`,
  );
}

/** What is wrong and what to do, in one line. */
export function inOneLine(failure: Failure): string {
  return [sentence(failure), failure.help].filter(Boolean).join(' ');
}

function sentence({ message }: Failure): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** A wrong command line: what is wrong, and where the right one stands. */
export function tellUsage(message: string, command?: string): void {
  note([{ code: 'USAGE', message }]);
  tell(`${message}\n\n\`retort ${command ? `${command} ` : ''}--help\` shows what there is.\n`);
}
