/**
 * What a running node's row says beside its name. The same pieces in every row of a frame, so that they line up; the
 * narrower the terminal, the fewer.
 */
import { duration, figure, rate } from '../wording.ts';
import { type Marks, progressBar, sparkline } from './marks.ts';
import { headline, type NodeView, secondsLeft } from './view-model.ts';

export interface Column {
  readonly width: number;
  text(node: NodeView, now: number, marks: Marks): string;
}

const BAR = 12;
const SPARK = 16;

const bar: Column = { width: BAR, text: (node, _now, marks) => progressBar(share(node), BAR, marks) };
const percent: Column = { width: 4, text: (node) => `${Math.floor(100 * share(node))}%`.padStart(4) };
const left: Column = {
  width: 12,
  text(node, now) {
    const seconds = secondsLeft(node, now);
    return seconds === undefined ? '' : `${duration(seconds)} left`;
  },
};
const loss: Column = {
  width: 15,
  text(node) {
    const shown = headline(node.figures);
    return shown ? `${shown[0]} ${figure(shown[1])}` : '';
  },
};
const spark: Column = { width: SPARK, text: (node, _now, marks) => sparkline(node.history, SPARK, marks) };
const speed: Column = { width: 11, text: (node) => rate(node.rate) };

/** From left to right. */
const PLACES: readonly Column[] = [bar, percent, speed, left, loss, spark];
/** What goes in first. */
const IMPORTANCE: readonly Column[] = [percent, left, bar, loss, spark, speed];

function share(node: NodeView): number {
  return node.steps > 0 ? node.step / node.steps : 0;
}

/** As many as leave `nameWidth` columns for the name. */
export function columnsFor(width: number, nameWidth: number): readonly Column[] {
  const chosen = new Set<Column>();
  let used = nameWidth;
  for (const column of IMPORTANCE) {
    if (used + column.width + 1 > width) continue;
    used += column.width + 1;
    chosen.add(column);
  }
  return PLACES.filter((column) => chosen.has(column));
}
