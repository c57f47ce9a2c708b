/** The end of a log that may be long and is still written: a few kilobytes of it. Nothing where it cannot be read. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const BYTES = 16 * 1024;

export function lastLines(path: string, most: number): string[] {
  try {
    const file = openSync(path, 'r');
    try {
      const from = Math.max(0, fstatSync(file).size - BYTES);
      const bytes = Buffer.alloc(BYTES);
      const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, BYTES, from));
      const lines = text.trimEnd().split('\n');
      // The first one is cut where the file is longer.
      return (from > 0 ? lines.slice(1) : lines).slice(-most).map(printable);
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}

/** Whatever a library prints must not move the cursor. */
function printable(line: string): string {
  const shown = line.split('\r').at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out.
  return shown.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\u0000-\u001f\u007f]/g, ' ');
}
