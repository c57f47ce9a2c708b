/**
 * Events → what the live view shows. Pure: no clock, no terminal; times come from the events. A batch of events is
 * reduced at once, so that a burst of thousands of hits copies the node table once and not once an event.
 */
import { type Metrics, type NodeState, type RunEvent, unreachable } from '../../events.ts';
import type { Plan } from '../../plan/plan.ts';
import { SKIPPED } from '../plain.ts';
import { duration } from '../wording.ts';

export interface NodeView {
  readonly id: string;
  readonly state: NodeState;
  readonly attempt: number;
  readonly step: number;
  readonly steps: number;
  /** Milliseconds since the epoch: when the attempt began, and when it last reported. */
  readonly startedAt: number;
  readonly reportedAt: number;
  /** Steps a second, smoothed; 0 until two reports have come. */
  readonly rate: number;
  readonly figures: Metrics;
  /** The recent values of the figure that the sparkline draws, oldest first. */
  readonly history: readonly number[];
  /** Of the newest attempt; absent where there has been none. */
  readonly log?: string;
  /** What became of it: the time it took, why it failed, whom it waits for. */
  readonly note: string;
  /** Grows with every change of state: what finished last is shown first. */
  readonly order: number;
}

export interface ViewModel {
  readonly experiment: string;
  readonly data: string;
  /** Of the run. */
  readonly folder: string;
  readonly startedAt: number;
  readonly nodes: ReadonlyMap<string, NodeView>;
  /** Ids of the nodes of every cell of the grid. */
  readonly cells: readonly (readonly string[])[];
  readonly counts: Readonly<Record<NodeState, number>>;
  /** The last few, oldest first. */
  readonly warnings: readonly string[];
  readonly interrupt?: string;
  readonly finished: boolean;
  readonly changes: number;
}

const HISTORY = 64;
const WARNINGS = 3;
/** Seconds over which the rate forgets. */
const MEMORY_SECONDS = 10;

const NO_COUNTS: Readonly<Record<NodeState, number>> = {
  waiting: 0,
  hit: 0,
  joined: 0,
  running: 0,
  done: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
};

export const EMPTY: ViewModel = {
  experiment: '',
  data: '',
  folder: '',
  startedAt: 0,
  nodes: new Map(),
  cells: [],
  counts: NO_COUNTS,
  warnings: [],
  finished: false,
  changes: 0,
};

export function advance(model: ViewModel, events: readonly RunEvent[]): ViewModel {
  if (events.length === 0) return model;
  const next = {
    ...model,
    nodes: new Map(model.nodes),
    counts: { ...model.counts },
    warnings: [...model.warnings],
  };
  for (const event of events) apply(next, event, Date.parse(event.at));
  next.warnings = next.warnings.slice(-WARNINGS);
  return next;
}

/** The copy that one batch may change. */
type Draft = {
  -readonly [K in keyof ViewModel]: ViewModel[K];
} & { nodes: Map<string, NodeView>; counts: Record<NodeState, number>; warnings: string[] };

function apply(draft: Draft, event: RunEvent, at: number): void {
  switch (event.type) {
    case 'run-started':
      draft.experiment = event.plan.experiment.name;
      draft.data = event.plan.data.description;
      draft.folder = event.folder;
      draft.startedAt = at;
      draft.finished = false;
      delete draft.interrupt;
      draft.nodes = new Map(event.plan.nodes.map(({ id }) => [id, waiting(id)]));
      draft.cells = nodesByCell(event.plan);
      draft.counts = { ...NO_COUNTS, waiting: event.plan.nodes.length };
      return;
    case 'node-hit':
      change(draft, event.node, { state: 'hit', figures: event.metrics, note: 'hit' });
      return;
    case 'node-cut-off':
      change(draft, event.node, { state: 'hit', figures: event.metrics, note: 'cut off: same content upstream' });
      return;
    case 'node-joined':
      change(draft, event.node, { state: 'joined', note: `waits for ${event.owner}` });
      return;
    case 'node-started':
      change(draft, event.node, {
        state: 'running',
        attempt: event.attempt,
        step: event.fromStep,
        steps: event.steps,
        startedAt: at,
        reportedAt: at,
        rate: 0,
        history: [],
        log: event.log,
        note: '',
      });
      return;
    case 'node-progress': {
      const before = draft.nodes.get(event.node) ?? waiting(event.node);
      const value = headline(event.figures)?.[1];
      draft.nodes.set(event.node, {
        ...before,
        step: event.step,
        steps: event.steps,
        reportedAt: at,
        rate: smoothed(before, event.step, at),
        figures: event.figures,
        history: value === undefined ? before.history : [...before.history.slice(1 - HISTORY), value],
      });
      return;
    }
    case 'node-checkpoint':
    case 'attempt-ended':
      return;
    case 'node-done': {
      const steps = draft.nodes.get(event.node)?.steps ?? 0;
      change(draft, event.node, {
        state: 'done',
        step: steps,
        figures: event.metrics,
        reportedAt: at,
        note: `done in ${duration(event.seconds)}`,
      });
      return;
    }
    case 'node-failed':
      change(draft, event.node, {
        state: event.willRetry ? 'waiting' : 'failed',
        note: event.willRetry ? `will be tried again: ${event.failure.message}` : event.failure.message,
      });
      return;
    case 'node-skipped':
      change(draft, event.node, {
        state: event.reason === 'cancelled' ? 'cancelled' : 'skipped',
        note: `not run, ${SKIPPED[event.reason]}`,
      });
      return;
    case 'prune-decision':
      return;
    case 'warning':
      draft.warnings.push(event.node ? `${event.node}: ${event.message}` : event.message);
      return;
    case 'interrupt':
      draft.interrupt = event.message;
      return;
    case 'run-finished':
      draft.finished = true;
      return;
    default:
      unreachable(event);
  }
}

function nodesByCell({ nodes }: Plan): string[][] {
  const cells = new Map<string, Set<string>>();
  for (const { id, uses } of nodes)
    for (const { cell } of uses) {
      const ids = cells.get(cell);
      if (ids) ids.add(id);
      else cells.set(cell, new Set([id]));
    }
  return [...cells.values()].map((ids) => [...ids]);
}

/** Cells by their most urgent node; a cell is over when all of its nodes are. */
export function cellsOver({ cells, nodes }: ViewModel): { readonly over: number; readonly failed: number } {
  let [over, failed] = [0, 0];
  for (const ids of cells) {
    const states = ids.map((id) => nodes.get(id)?.state ?? 'waiting');
    if (states.some((state) => ['waiting', 'running', 'joined'].includes(state))) continue;
    over++;
    if (states.includes('failed')) failed++;
  }
  return { over, failed };
}

function waiting(id: string): NodeView {
  return nodeInState(id, 'waiting');
}

/** Of which nothing else is known. */
export function nodeInState(id: string, state: NodeState): NodeView {
  return {
    id,
    state,
    attempt: 0,
    step: 0,
    steps: 0,
    startedAt: 0,
    reportedAt: 0,
    rate: 0,
    figures: {},
    history: [],
    note: '',
    order: 0,
  };
}

function change(draft: Draft, id: string, to: Partial<NodeView> & { readonly state: NodeState }): void {
  const before = draft.nodes.get(id);
  if (before) draft.counts[before.state]--;
  draft.counts[to.state]++;
  draft.changes++;
  draft.nodes.set(id, { ...(before ?? waiting(id)), ...to, order: draft.changes });
}

/** An exponential mean over time rather than over reports, so that it does not depend on how often a stage reports. */
function smoothed(node: NodeView, step: number, at: number): number {
  const seconds = (at - node.reportedAt) / 1000;
  if (seconds <= 0) return node.rate;
  const latest = (step - node.step) / seconds;
  if (node.rate === 0) return latest;
  const weight = 1 - Math.exp(-seconds / MEMORY_SECONDS);
  return node.rate + weight * (latest - node.rate);
}

/** The figure to draw: the loss if there is one, else the first. */
export function headline(figures: Metrics): readonly [string, number] | undefined {
  const entries = Object.entries(figures);
  return entries.find(([name]) => /loss/i.test(name)) ?? entries[0];
}

/** Undefined until a rate is known. */
export function secondsLeft(node: Omit<NodeView, 'history' | 'order'>, now: number): number | undefined {
  if (node.state !== 'running' || node.rate <= 0) return undefined;
  return Math.max(0, (node.steps - node.step) / node.rate - (now - node.reportedAt) / 1000);
}
