/**
 * Which nodes fit. A frame must stay below the terminal's height: a taller one makes ink clear the screen and its
 * scrollback, one of exactly the full height flickers. So what matters most is chosen first, then shown in plan order.
 */
import type { NodeState } from '../../events.ts';
import type { NodeView, ViewModel } from './view-model.ts';

/** What is shown first, each with its share of the rows still free. */
const IMPORTANCE: readonly { readonly states: readonly NodeState[]; readonly share: number }[] = [
  { states: ['running', 'joined'], share: 1 },
  { states: ['failed'], share: 1 },
  // Half for what has just finished, half for what comes next.
  { states: ['done'], share: 0.5 },
  { states: ['waiting'], share: 1 },
  { states: ['done'], share: 1 },
  { states: ['skipped', 'cancelled', 'hit'], share: 1 },
];

export interface Window {
  /** In the order of the plan. */
  readonly shown: readonly NodeView[];
  readonly hidden: number;
}

export function chooseNodes(model: ViewModel, rows: number): Window {
  const all = [...model.nodes.values()];
  if (all.length <= rows) return { shown: all, hidden: 0 };
  const room = Math.max(0, rows - 1); // One row says how many are not shown.
  const chosen = new Set<NodeView>();
  for (const { states, share } of IMPORTANCE) {
    const group = all.filter((node) => states.includes(node.state) && !chosen.has(node));
    // What finished is news while it is fresh; what waits comes in the order of the plan.
    if (states.includes('done')) group.sort((a, b) => b.order - a.order);
    for (const node of group.slice(0, Math.ceil((room - chosen.size) * share))) chosen.add(node);
  }
  return { shown: all.filter((node) => chosen.has(node)), hidden: all.length - chosen.size };
}

/** Part of a list around the selected node, in the order of the list. */
export function scrolled(nodes: readonly NodeView[], selected: string | undefined, rows: number): Window {
  if (nodes.length <= rows) return { shown: nodes, hidden: 0 };
  // One row says how many are not shown; of a single row nothing is left for that.
  const room = Math.max(1, rows - 1);
  const at = Math.max(
    0,
    nodes.findIndex(({ id }) => id === selected),
  );
  const first = Math.min(nodes.length - room, Math.max(0, at - Math.floor(room / 2)));
  return { shown: nodes.slice(first, first + room), hidden: rows > 1 ? nodes.length - room : 0 };
}

const URGENCY: readonly NodeState[] = ['failed', 'running', 'joined', 'waiting', 'cancelled', 'skipped', 'done', 'hit'];

/** The whole grid in at most `cells` characters, each one or several neighbouring nodes by the most urgent state. */
export function heatMap(model: ViewModel, cells: number): readonly NodeState[] {
  const all = [...model.nodes.values()];
  const group = Math.max(1, Math.ceil(all.length / Math.max(1, cells)));
  const map: NodeState[] = [];
  for (let start = 0; start < all.length; start += group) {
    const states = all.slice(start, start + group).map(({ state }) => state);
    map.push(URGENCY.find((state) => states.includes(state)) ?? 'waiting');
  }
  return map;
}
