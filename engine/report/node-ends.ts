/** How the nodes of a run have ended, from its events: what marks a cell as failed or pruned. */
import type { RunEvent } from '../events.ts';

export type { Mishaps } from './groups.ts';
export type NodeEnd = 'done' | 'failed' | 'pruned';

/** The newest word on each node counts; a node that is at work again has no end. */
export function nodeEnds(events: readonly RunEvent[]): ReadonlyMap<string, NodeEnd> {
  const ends = new Map<string, NodeEnd>();
  for (const event of events) {
    switch (event.type) {
      case 'node-started':
        ends.delete(event.node);
        break;
      case 'node-hit':
      case 'node-cut-off':
      case 'node-done':
        ends.set(event.node, 'done');
        break;
      case 'node-failed':
        if (!event.willRetry) ends.set(event.node, 'failed');
        break;
      case 'node-skipped':
        if (event.reason === 'upstream-failed') ends.set(event.node, 'failed');
        if (event.reason === 'pruned') ends.set(event.node, 'pruned');
        break;
    }
  }
  return ends;
}
