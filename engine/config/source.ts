/** The text of one file (or of one override), and where its lines begin. */
import type { Place } from './diagnostics.ts';

export class Source {
  /** As it is shown in messages. */
  readonly name: string;
  readonly text: string;
  /** Set for overrides: they have no file to open. */
  readonly override: boolean;
  #lines: number[] | undefined;

  constructor(name: string, text: string, options: { override?: boolean } = {}) {
    this.name = name;
    this.text = text;
    this.override = options.override ?? false;
  }

  place(start: number, end: number): Place {
    this.#lines ??= lineStarts(this.text);
    const lines = this.#lines;
    // The last line that starts at or before the offset.
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lines[middle] as number) <= start) low = middle;
      else high = middle - 1;
    }
    const from = lines[low] as number;
    const to = low + 1 < lines.length ? (lines[low + 1] as number) - 1 : this.text.length;
    const text = this.text.slice(from, to).replace(/\r$/, '');
    const length = Math.max(1, Math.min(end, from + text.trimEnd().length) - start);
    return { file: this.name, line: low + 1, column: start - from + 1, length, text };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
