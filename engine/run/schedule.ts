/**
 * The order of a run: a node starts when all it reads is there, the earliest of the plan first, as many side by side as
 * have room in the pool. It knows nodes and how they end, nothing of processes or the store.
 *
 * Nodes of one chain are carried by the longest of them: it alone is computed, the others arrive on its way, and who reads
 * them starts at once. Those that have not arrived at its end (somebody else had computed it) are computed after it.
 *
 * A node that another driver is working on is waited for beside the queue, so that it takes nobody's place.
 */
import type { SkipReason } from '../events.ts';
import { byChain } from '../plan/chain.ts';
import type { PlanNode } from '../plan/plan.ts';
import type { Grant, Need, Pool } from './pool.ts';

/** `broken`: failed, and so would every other one; `paused`: has made room, and goes on when it is its turn again. */
export type NodeEnd = 'done' | 'failed' | 'broken' | 'held' | 'paused' | 'cancelled';

/** The shorter nodes of a node's chain, in the order of their steps. */
export interface Carried {
  readonly nodes: readonly PlanNode[];
  /** Whether to make room now. */
  arrived(node: PlanNode): boolean;
}

export interface Schedule {
  /** In the order of the plan; inputs that are not among them are there already. */
  readonly nodes: readonly PlanNode[];
  readonly pool: Pool;
  need(node: PlanNode): Need;
  /** Start nothing new once a node has failed. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  /** Whether more of this node's chain should wait until others have come as far, and what reads it has been heard. */
  makesRoomAt?(snapshot: PlanNode): boolean;
  /** Why this node alone is to stop, if it is; the others go on. */
  whyStopped?(node: PlanNode): Stopped | undefined;
  /** Whether the result is there by another name, now that all it reads is. */
  takeOver(node: PlanNode): boolean;
  compute(node: PlanNode, carried: Carried, grant: Grant): Promise<NodeEnd>;
  /** After `held`: until the other driver's result is there (`done`) or its lease is free. */
  join(node: PlanNode, carried: Carried): Promise<'done' | 'free' | 'cancelled'>;
  skip(node: PlanNode, reason: SkipReason): void;
}

export type Stopped = 'cancelled' | 'pruned' | 'fail-fast';

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
  const { pool } = schedule;
  const open = new Set(linked(schedule.nodes));
  /** Why nothing more is started. */
  let halted: SkipReason | undefined;

  const compute = async (node: PlanNode, carried: Carried, place: number): Promise<NodeEnd> => {
    const grant = await pool.acquire(schedule.need(node), place);
    try {
      if (signal.aborted || halted) return 'cancelled';
      const end = await schedule.compute(node, carried, grant);
      // Noted before the pool serves the next one.
      if (end === 'broken') halted = 'store-failed';
      else if (end === 'failed' && failFast) halted ??= 'fail-fast';
      return end;
    } finally {
      grant.release();
    }
  };

  /** The last one carries the others. */
  const run = async (chain: readonly Waiting[]): Promise<void> => {
    const waiting = chain.at(-1);
    if (!waiting) return;
    const { node } = waiting;
    let place = Math.min(...chain.map((each) => each.place));
    const started: Promise<void>[] = [];
    for (;;) {
      const riders = chain.slice(0, -1).filter((rider) => open.has(rider));
      const carried: Carried = {
        nodes: riders.map((rider) => rider.node),
        arrived(snapshot) {
          const rider = riders.find((candidate) => candidate.node === snapshot);
          if (rider && open.delete(rider)) started.push(runReaders(rider));
          return pool.isWanted && (schedule.makesRoomAt?.(snapshot) ?? false);
        },
      };
      const isThere = !signal.aborted && !halted && schedule.takeOver(node);
      const end = isThere ? 'done' : await compute(node, carried, place);
      const last = end === 'held' ? await schedule.join(node, carried) : end;
      if (last === 'free') continue;
      if (last === 'paused') {
        // Behind all that has not come as far.
        place += schedule.nodes.length;
        continue;
      }
      const why = signal.aborted ? undefined : schedule.whyStopped?.(node);
      // What was cancelled is skipped with the rest, at the end.
      if (last !== 'cancelled') {
        open.delete(waiting);
        if (last === 'done') started.push(runReaders(waiting), run(riders.filter((rider) => open.has(rider))));
        else {
          for (const rider of riders) if (open.delete(rider)) skipWithReaders(rider);
          skipReaders(waiting);
        }
      } else if (why !== undefined) {
        open.delete(waiting);
        skipWithReaders(waiting, why);
        started.push(run(riders.filter((rider) => open.has(rider))));
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

  const skipWithReaders = (waiting: Waiting, reason: 'upstream-failed' | Stopped = 'upstream-failed'): void => {
    schedule.skip(waiting.node, reason);
    skipReaders(waiting, reason);
  };

  const skipReaders = ({ readers }: Waiting, reason: 'upstream-failed' | Stopped = 'upstream-failed'): void => {
    for (const reader of readers) if (open.delete(reader)) skipWithReaders(reader, reason);
  };

  await Promise.all(chains([...open].filter(({ awaited }) => awaited === 0)).map(run));
  for (const { node } of open) schedule.skip(node, halted ?? 'cancelled');
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
