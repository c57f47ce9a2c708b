/** How states and figures are drawn with characters; every state has its own mark, so colour is never the only sign. */
import type { NodeState } from '../../events.ts';

export interface Marks {
  readonly states: Readonly<Record<NodeState, string>>;
  readonly bar: readonly [full: string, empty: string];
  /** From low to high. */
  readonly levels: readonly string[];
  readonly ellipsis: string;
  /** Before the selected node, in place of its state's mark. */
  readonly cursor: string;
  readonly separator: string;
}

export const UNICODE: Marks = {
  states: {
    waiting: '·',
    hit: '=',
    joined: '~',
    running: '▶',
    done: '✓',
    failed: '✗',
    skipped: '-',
    cancelled: '-',
  },
  bar: ['█', '░'],
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  ellipsis: '…',
  cursor: '❯',
  separator: ' · ',
};

/** For the Linux console and locales without UTF-8. */
export const ASCII: Marks = {
  states: {
    waiting: '.',
    hit: '=',
    joined: '~',
    running: '>',
    done: '+',
    failed: 'x',
    skipped: '-',
    cancelled: '-',
  },
  bar: ['#', '-'],
  levels: ['_', '.', '-', '=', '^'],
  ellipsis: '~',
  cursor: '*',
  separator: ' | ',
};

export const COLOURS: Readonly<Record<NodeState, string>> = {
  waiting: 'gray',
  hit: 'cyan',
  joined: 'blue',
  running: 'yellow',
  done: 'green',
  failed: 'red',
  skipped: 'gray',
  cancelled: 'gray',
};

export function progressBar(share: number, width: number, marks: Marks): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return marks.bar[0].repeat(full) + marks.bar[1].repeat(width - full);
}

/** The last `width` values between their own lowest and highest; values that are not finite are blanks. */
export function sparkline(history: readonly number[], width: number, marks: Marks): string {
  const shown = history.slice(-width);
  const finite = shown.filter(Number.isFinite);
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  const top = marks.levels.length - 1;
  return shown
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      return marks.levels[span > 0 ? Math.round(((value - low) / span) * top) : 0] ?? '';
    })
    .join('');
}

/** Cut in the middle, where names of a grid differ least: `distil[method=…,set=12]`. */
export function shorten(text: string, width: number, marks: Marks): string {
  if (text.length <= width) return text;
  if (width <= 1) return marks.ellipsis.slice(0, Math.max(0, width));
  const tail = Math.floor((width - 1) * 0.6);
  return text.slice(0, width - 1 - tail) + marks.ellipsis + text.slice(text.length - tail);
}
