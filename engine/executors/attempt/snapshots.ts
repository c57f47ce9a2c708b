/**
 * Results made on the way: the shorter nodes of an attempt's chain, each committed under its own key as soon as its step
 * is done. An attempt begins early enough to meet every one that is missing.
 */
import type { StageResult, StageRun, State } from '../../../stages/stage.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { removeCheckpoints } from '../../store/checkpoints.ts';
import { readKey } from '../../store/keys.ts';
import type { Lease } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import type { AttemptRequest } from '../executor.ts';
import type { AttemptControl } from './attempt.ts';
import { commitResult, conflictMessage } from './commit.ts';
import type { Log } from './log.ts';

export interface OnTheWay {
  /** The step that a beginning must not be beyond; undefined when nothing is missing any more. */
  readonly first: number | undefined;
  /** Commits what is due after `step` steps; `seconds` is what they took. */
  take(step: number, state: State, seconds: number): Promise<void>;
}

interface Taking {
  readonly store: Store;
  readonly lease: Lease;
  readonly request: AttemptRequest;
  readonly control: AttemptControl;
  readonly log: Log;
  readonly stage: StageRun;
}

export function onTheWay({ store, lease, request, control, log, stage }: Taking): OnTheWay {
  const missing = new Map<number, PlanNode>();
  for (const node of request.snapshots ?? []) {
    if (readKey(store, node.key))
      control.send({ type: 'snapshot', node: node.id, step: stepOf(node), computed: false });
    else missing.set(stepOf(node), node);
  }
  return {
    first: missing.size > 0 ? Math.min(...missing.keys()) : undefined,
    async take(step, state, seconds) {
      const node = missing.get(step);
      if (!node) return;
      missing.delete(step);
      const result = await snapshotOf(stage, node, state);
      const committed = commitResult(store, lease, {
        node,
        backend: request.backend,
        result,
        seconds,
        steps: step,
        state,
      });
      if (committed === 'conflict') control.send({ type: 'warning', message: conflictMessage(store, node) });
      removeCheckpoints(store, node.key);
      log(`${node.id} is done at step ${step}, key ${node.key}`);
      control.send({ type: 'snapshot', node: node.id, step, computed: committed !== 'same' });
    },
  };
}

/** What a node of a chain makes of the state at its step. */
export async function snapshotOf(stage: StageRun, { id }: PlanNode, state: State): Promise<StageResult> {
  if (!stage.snapshot) throw new Error(`Internal error: expected the stage of ${id} to give snapshots`);
  return stage.snapshot(state);
}

function stepOf({ id, chain }: PlanNode): number {
  if (!chain) throw new Error(`Internal error: expected ${id} to be of a chain`);
  return chain.at;
}
