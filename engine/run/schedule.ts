/**
 * The order of a run: a node starts when all it reads is there, the earliest of the plan first, as many side by side as
 * allowed. It knows nodes and how they end, nothing of processes or the store.
 *
 * Nodes of one chain are carried by the longest of them: it alone is computed, the others arrive on its way, and who reads
 * them starts at once. Those that have not arrived at its end (somebody else had computed it) are computed after it.
 *
 * A node that another driver is working on is waited for beside the queue, so that it takes nobody's place.
 */
import PQueue from 'p-queue';
import { byChain } from '../plan/chain.ts';
import type { PlanNode } from '../plan/plan.ts';

export type NodeEnd = 'done' | 'failed' | 'held' | 'cancelled';

/** The shorter nodes of a node's chain, in the order of their steps. */
export interface Carried {
  readonly nodes: readonly PlanNode[];
  arrived(node: PlanNode): void;
}

export interface Schedule {
  /** In the order of the plan; inputs that are not among them are there already. */
  readonly nodes: readonly PlanNode[];
  readonly concurrency: number;
  /** Start nothing new once a node has failed. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  compute(node: PlanNode, carried: Carried): Promise<NodeEnd>;
  /** After `held`: until the other driver's result is there (`done`) or its lease is free. */
  join(node: PlanNode, carried: Carried): Promise<'done' | 'free' | 'cancelled'>;
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

  const compute = async (node: PlanNode, carried: Carried): Promise<NodeEnd> => {
    if (signal.aborted || (failFast && failed)) return 'cancelled';
    const end = await schedule.compute(node, carried);
    // Noted before the queue starts the next one.
    failed ||= end === 'failed';
    return end;
  };

  /** The last one carries the others. */
  const run = async (chain: readonly Waiting[]): Promise<void> => {
    const waiting = chain.at(-1);
    if (!waiting) return;
    const { node } = waiting;
    const priority = -Math.min(...chain.map(({ place }) => place));
    const started: Promise<void>[] = [];
    for (;;) {
      const riders = chain.slice(0, -1).filter((rider) => open.has(rider));
      const carried: Carried = {
        nodes: riders.map((rider) => rider.node),
        arrived(snapshot) {
          const rider = riders.find((candidate) => candidate.node === snapshot);
          if (rider && open.delete(rider)) started.push(runReaders(rider));
        },
      };
      const end = await queue.add(() => compute(node, carried), { priority });
      const last = end === 'held' ? await schedule.join(node, carried) : end;
      if (last === 'free') continue;
      // What was cancelled is skipped with the rest, at the end.
      if (last !== 'cancelled') {
        open.delete(waiting);
        if (last === 'done') started.push(runReaders(waiting), run(riders.filter((rider) => open.has(rider))));
        else {
          for (const rider of riders) if (open.delete(rider)) skipWithReaders(rider);
          skipReaders(waiting);
        }
      }
      await Promise.all(started);
      return;
    }
  };

  const runReaders = async ({ readers }: Waiting): Promise<void> => {
    for (const reader of readers) reader.awaited--;
    const ready = readers.filter((reader) => reader.awaited === 0 && open.has(reader));
    await Promise.all(chains(ready).map(run));
  };

  const skipWithReaders = (waiting: Waiting): void => {
    schedule.skip(waiting.node, 'upstream-failed');
    skipReaders(waiting);
  };

  const skipReaders = ({ readers }: Waiting): void => {
    for (const reader of readers) if (open.delete(reader)) skipWithReaders(reader);
  };

  await Promise.all(chains([...open].filter(({ awaited }) => awaited === 0)).map(run));
  for (const { node } of open) schedule.skip(node, signal.aborted ? 'cancelled' : 'fail-fast');
}

/** Nodes of one chain read the same, so they are ready at the same moment. */
function chains(ready: readonly Waiting[]): Waiting[][] {
  return byChain(ready, ({ node }) => node);
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
