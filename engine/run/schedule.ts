/**
 * The order of a run: a node starts when all it reads is there, the earliest of the plan first, as many side by side as
 * allowed. It knows nodes and how they end, nothing of processes or the store.
 *
 * A node that another driver is working on is waited for beside the queue, so that it takes nobody's place.
 */
import PQueue from 'p-queue';
import type { PlanNode } from '../plan/plan.ts';

export type NodeEnd = 'done' | 'failed' | 'held' | 'cancelled';

export interface Schedule {
  /** In the order of the plan; inputs that are not among them are there already. */
  readonly nodes: readonly PlanNode[];
  readonly concurrency: number;
  /** Start nothing new once a node has failed. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  compute(node: PlanNode): Promise<NodeEnd>;
  /** After `held`: until the other driver's result is there (`done`) or its lease is free. */
  join(node: PlanNode): Promise<'done' | 'free' | 'cancelled'>;
  skip(node: PlanNode, reason: 'upstream-failed' | 'cancelled' | 'fail-fast'): void;
}

interface Waiting {
  readonly node: PlanNode;
  readonly place: number;
  readonly readers: Waiting[];
  /** Inputs that are not there yet. */
  awaited: number;
}

/** Resolves when nothing runs any more and nothing more can start; every node has then ended or been skipped. */
export async function runSchedule(schedule: Schedule): Promise<void> {
  const { signal, failFast } = schedule;
  const queue = new PQueue({ concurrency: schedule.concurrency });
  const open = new Set(linked(schedule.nodes));
  let failed = false;

  const compute = async (node: PlanNode): Promise<NodeEnd> => {
    if (signal.aborted || (failFast && failed)) return 'cancelled';
    const end = await schedule.compute(node);
    // Noted before the queue starts the next one.
    failed ||= end === 'failed';
    return end;
  };

  const run = async (waiting: Waiting): Promise<void> => {
    const { node } = waiting;
    for (;;) {
      const end = await queue.add(() => compute(node), { priority: -waiting.place });
      const last = end === 'held' ? await schedule.join(node) : end;
      if (last === 'free') continue;
      // What was cancelled is skipped with the rest, at the end.
      if (last === 'cancelled') return;
      open.delete(waiting);
      if (last === 'done') return runReaders(waiting);
      return skipReaders(waiting);
    }
  };

  const runReaders = async ({ readers }: Waiting): Promise<void> => {
    for (const reader of readers) reader.awaited--;
    await Promise.all(readers.filter((reader) => reader.awaited === 0 && open.has(reader)).map(run));
  };

  const skipReaders = ({ readers }: Waiting): void => {
    for (const reader of readers) {
      if (!open.delete(reader)) continue;
      schedule.skip(reader.node, 'upstream-failed');
      skipReaders(reader);
    }
  };

  await Promise.all([...open].filter(({ awaited }) => awaited === 0).map(run));
  for (const { node } of open) schedule.skip(node, signal.aborted ? 'cancelled' : 'fail-fast');
}

function linked(nodes: readonly PlanNode[]): Waiting[] {
  const all = new Map<string, Waiting>();
  nodes.forEach((node, place) => {
    const waiting: Waiting = { node, place, readers: [], awaited: 0 };
    for (const id of new Set(Object.values(node.inputs))) {
      const upstream = all.get(id);
      if (!upstream) continue;
      upstream.readers.push(waiting);
      waiting.awaited++;
    }
    all.set(node.id, waiting);
  });
  return [...all.values()];
}
