/** What the place where attempts run has, and whether a run fits it at all: told before anything starts. */
import { readdirSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Failure } from '../../base/result.ts';
import { formatSize } from '../../base/units.ts';
import type { LimitsOf } from '../plan/limits.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { readKey } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

export interface Machine {
  readonly threads: number;
  /** Bytes. */
  readonly memory: number;
  /** As CUDA_VISIBLE_DEVICES names them. */
  readonly gpus: readonly string[];
}

export function thisMachine(): Machine {
  return { threads: availableParallelism(), memory: memoryHere(), gpus: gpusHere() };
}

/** Of the container, where it has less than the machine. */
function memoryHere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function gpusHere(): string[] {
  const given = process.env.CUDA_VISIBLE_DEVICES;
  if (given !== undefined) return given.split(',').filter((id) => id !== '' && id !== '-1');
  try {
    return readdirSync('/dev')
      .flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? [])
      .sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}

/** Why a run cannot start: a node that is not there yet needs more than there is. */
export function doesNotFit(plan: Plan, limitsOf: LimitsOf, store: Store, machine: Machine): Failure | undefined {
  for (const node of plan.nodes) {
    const failure = needsTooMuch(node, limitsOf, store, machine);
    if (failure && !readKey(store, node.key)) return failure;
  }
  return undefined;
}

function needsTooMuch(node: PlanNode, limitsOf: LimitsOf, store: Store, machine: Machine): Failure | undefined {
  const { memory, gpus, disk } = limitsOf(node);
  const exceeds = (what: string, has: string): Failure => ({
    code: 'RESOURCES_MISSING',
    message: `${node.id} needs ${what}; this machine has ${has}. Nothing was started.`,
    help: 'Lower its `resources` in the experiment, or run it on a larger machine.',
  });
  if (memory !== undefined && memory > machine.memory)
    return exceeds(`${formatSize(memory)} of memory`, formatSize(machine.memory));
  if (gpus !== undefined && gpus > machine.gpus.length)
    return exceeds(
      `${gpus} GPU${gpus === 1 ? '' : 's'}`,
      machine.gpus.length === 0 ? 'none' : `${machine.gpus.length}`,
    );
  return disk === undefined ? undefined : diskTooSmall(node, disk, store);
}

/** Whether the disk of the store has the space that an attempt at the node asks for. */
export function diskTooSmall(node: PlanNode, bytes: number, { folder }: Store): Failure | undefined {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return undefined;
  return {
    code: 'STORE_FULL',
    message: `${node.id} needs ${formatSize(bytes)} of free disk; the disk of the store has ${formatSize(free)}.`,
    place: folder,
    help: 'Free some space, lower `resources.disk`, or choose another store with --store DIR.',
  };
}
