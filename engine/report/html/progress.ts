/** Figures of nodes by step, from the events of runs: thinned, and each step once, as the last attempt at it saw it. */
import type { RunEvent } from '../../events.ts';
import { spaced } from './spaced.ts';

/** A curve of more points is no better to look at, and a page must stay small. */
const MOST_POINTS = 300;

export type Points = readonly (readonly [number, number])[];

/** Node → figure → points. Later events win over earlier ones. */
export function progressOf(
  events: readonly RunEvent[],
  wanted: (node: string) => boolean,
): Map<string, Map<string, Points>> {
  const found = new Map<string, Map<string, Map<number, number>>>();
  for (const event of events) {
    if (event.type !== 'node-progress' || !wanted(event.node)) continue;
    const figures = found.get(event.node) ?? new Map<string, Map<number, number>>();
    found.set(event.node, figures);
    for (const [name, value] of Object.entries(event.figures)) {
      if (!Number.isFinite(value)) continue;
      const steps = figures.get(name) ?? new Map<number, number>();
      figures.set(name, steps.set(event.step, value));
    }
  }
  return new Map(
    [...found].map(([node, figures]) => [
      node,
      new Map(
        [...figures].map(([name, steps]) => [
          name,
          spaced(
            [...steps].sort(([a], [b]) => a - b),
            MOST_POINTS,
          ),
        ]),
      ),
    ]),
  );
}
