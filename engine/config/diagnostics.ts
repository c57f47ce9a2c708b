/**
 * What is wrong with an experiment, as data: every error of every file, each with its place. `formatDiagnostics` prints
 * them as compilers do: place and sentence, the source line, a squiggle exactly as long as the culprit.
 */

export interface Place {
  /** As the user named it, or as `extends` led there; `command line` for overrides. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units as editors count. */
  readonly column: number;
  /** Length of the culprit on this line. */
  readonly length: number;
  /** The whole source line. */
  readonly text: string;
}

export interface Diagnostic {
  /** Stable, upper case, e.g. `UNKNOWN_KEY`. */
  readonly code: string;
  /** One sentence: what is wrong, the rule, what was found. */
  readonly message: string;
  readonly file: string;
  /** Absent where the file as a whole is the culprit. */
  readonly place?: Place;
  /** What to do, or the nearest valid name. */
  readonly help?: string;
  readonly related: readonly { readonly message: string; readonly place: Place }[];
}

export interface FormatOptions {
  readonly color?: boolean;
}

/** The whole page, ending with a count; empty text for no diagnostics. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions = {}): string {
  if (diagnostics.length === 0) return '';
  const paint = painter(options.color ?? false);
  const files = new Set(diagnostics.map((diagnostic) => diagnostic.file)).size;
  const count = `${counted(diagnostics.length, 'error')}${files > 1 ? ` in ${counted(files, 'file')}` : ''}.`;
  return [...diagnostics.map((diagnostic) => formatOne(diagnostic, paint)), `${count}\n`].join('\n');
}

function formatOne({ message, file, place, help, related }: Diagnostic, paint: Painter): string {
  const where = place ? `${place.file}:${place.line}:${place.column}` : file;
  const lines = [`${paint('path', printable(where))} ${printable(message)}`];
  if (place) lines.push(...excerpt(place, '    ', paint));
  if (help !== undefined) lines.push(`    ${printable(help)}`);
  for (const other of related) {
    const at = `${other.place.file}:${other.place.line}:${other.place.column}`;
    lines.push(`    ${paint('path', printable(at))} ${printable(other.message)}`);
    lines.push(...excerpt(other.place, '        ', paint));
  }
  return `${lines.join('\n')}\n`;
}

/** Longer lines show only the neighbourhood of the culprit. */
const WIDTH = 100;

function excerpt({ text, column, length }: Place, indent: string, paint: Painter): string[] {
  const start = column - 1;
  const from = text.length > WIDTH && start > WIDTH / 2 ? Math.min(start - WIDTH / 4, text.length - WIDTH) : 0;
  const to = Math.min(text.length, from + WIDTH);
  const before = (from > 0 ? '…' : '') + text.slice(from, start);
  const culprit = text.slice(start, Math.min(start + length, to));
  const after = text.slice(start + culprit.length, to) + (to < text.length ? '…' : '');
  const squiggle = '~'.repeat(Math.max(1, columns(culprit)));
  const pad = ' '.repeat(columns(before));
  return [`${indent}${printable(before + culprit + after)}`.trimEnd(), `${indent}${pad}${paint('squiggle', squiggle)}`];
}

/** Terminal columns: East Asian wide characters and emoji take two, combining marks none. */
function columns(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** Tabs become one space, so that squiggles stay aligned; other control characters must not reach the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed.
  return text.replaceAll('\t', ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

type Painter = (role: 'path' | 'squiggle', text: string) => string;

function painter(color: boolean): Painter {
  if (!color) return (_, text) => text;
  return (role, text) => `\u001b[${role === 'path' ? 36 : 31}m${text}\u001b[39m`;
}

export function counted(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
