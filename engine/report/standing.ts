/** How a run stands, from its events alone: how many nodes are in which state, what is at work, what went wrong, what it took. Pure. */
import type { NodeState, RunEvent } from '../events.ts';
import { type LedgerTotals, ledgerOf } from './ledger.ts';
import { advance, EMPTY, type NodeView } from './tui/view-model.ts';

export interface Standing {
  /** Nodes of which anything is known; what waits may be among them. */
  readonly known: number;
  readonly counts: Readonly<Partial<Record<NodeState, number>>>;
  /** At work, or left so by a driver that was killed. */
  readonly running: readonly RunningNode[];
  readonly failures: readonly NodeFailure[];
  readonly warnings: readonly string[];
  readonly ledger: LedgerTotals;
}

export type RunningNode = Omit<NodeView, 'history' | 'order'>;
export type NodeFailure = Pick<Extract<RunEvent, { type: 'node-failed' }>, 'node' | 'failure' | 'log'>;

/** `events` may be brief ones; `driven`: somebody is at work on it now. */
export function standingOf(events: readonly RunEvent[], driven: boolean): Standing {
  const model = advance(EMPTY, events);
  const counts: Partial<Record<NodeState, number>> = {};
  for (const { state } of model.nodes.values()) counts[state] = (counts[state] ?? 0) + 1;
  const running = [...model.nodes.values()].filter(({ state }) => state === 'running');
  const failed = new Map<string, NodeFailure>();
  for (const event of events) {
    if (event.type !== 'node-failed' || model.nodes.get(event.node)?.state !== 'failed') continue;
    const { node, failure, log } = event;
    failed.set(node, { node, failure, log });
  }
  return {
    known: model.nodes.size,
    counts,
    running: running.map(({ history: _, order: __, ...node }) => node),
    failures: [...failed.values()],
    warnings: model.warnings,
    ledger: ledgerOf(driven ? withoutOpen(events, new Set(running.map(({ id }) => id))) : events),
  };
}

/** An attempt under way is no lost one: nobody can say yet what becomes of its steps. */
function withoutOpen(events: readonly RunEvent[], running: ReadonlySet<string>): readonly RunEvent[] {
  const begun = new Map<string, number>();
  events.forEach((event, place) => {
    if (event.type === 'node-started' && running.has(event.node)) begun.set(event.node, place);
  });
  return events.filter(
    (event, place) => !('node' in event) || !event.node || place < (begun.get(event.node) ?? Infinity),
  );
}
