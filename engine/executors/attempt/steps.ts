/**
 * The loop over a stage's steps, with its checkpoints. When and how often one is written never influences a result: the
 * state is a value, and a later attempt goes on from it as this one would have.
 */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { firstNotFinite } from '../../../stages/finite.ts';
import { StepInterrupted } from '../../../stages/interrupted.ts';
import type { StageRun, State } from '../../../stages/stage.ts';
import { writeCheckpoint } from '../../store/checkpoints.ts';
import { fault } from '../../store/faults.ts';
import { type Beginning, furthestState, noteInChain } from '../../store/kept-states.ts';
import type { Lease } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import type { AttemptRequest } from '../executor.ts';
import type { AttemptControl } from './attempt.ts';
import { isNotFinite } from './debug-nan.ts';
import type { Log } from './log.ts';
import { onTheWay } from './snapshots.ts';

/** Progress is told at most this often. */
const PROGRESS_EVERY_MS = 200;

export interface Steps {
  /** `performance.now()` when the attempt began. */
  readonly begun: number;
  readonly store: Store;
  readonly lease: Lease;
  readonly request: AttemptRequest;
  readonly control: AttemptControl;
  readonly log: Log;
  readonly stage: StageRun;
  /** What the stage has reported last; filled by its `report`. */
  readonly figures: Readonly<Record<string, number>>;
  /** Steps done, kept for whoever must say where the attempt ended. */
  readonly position: { step: number };
  tellUsage(): void;
}

export interface LastState {
  readonly state: State;
  readonly step: number;
  /** What earlier attempts took up to the checkpoint where this one began. */
  readonly secondsBefore: number;
}

/** The state after the last step; undefined where the attempt was asked to stop. */
export async function runSteps(steps: Steps): Promise<LastState | undefined> {
  const { store, request, control, log, stage, figures } = steps;
  const { node } = request;
  const { everySeconds, everySteps } = request.checkpoints;
  const end = node.chain?.at ?? stage.steps;
  if (!node.chain?.cut && end !== stage.steps)
    throw new Error(`Internal error: expected ${node.id} to have ${end} steps, got ${stage.steps}`);
  noteInChain(store, node);
  const snapshots = onTheWay(steps);
  const found = furthestState(store, node, Math.min(end, snapshots.first ?? end));
  let state = found?.state ?? (await stage.init());
  let step = found?.step ?? 0;
  const secondsBefore = found?.seconds ?? 0;
  let saved = step;
  let toldSlow = false;
  let savedAt = performance.now();
  // The first step is always told: somebody waits for a sign of life.
  let toldAt = Number.NEGATIVE_INFINITY;
  steps.position.step = step;
  control.send({ type: 'started', fromStep: step, steps: end });
  log(found ? `goes on from ${beginning(found, node.key)} at step ${step} of ${end}` : `begins: ${end} steps`);
  const secondsSoFar = () => secondsBefore + (performance.now() - steps.begun) / 1000;

  const save = () => {
    if (saved === step) return;
    writeCheckpoint(store, node.key, { step, of: end, state, seconds: secondsSoFar() }, steps.lease);
    saved = step;
    savedAt = performance.now();
    control.send({ type: 'checkpoint', step });
    steps.tellUsage();
    log(`checkpoint at step ${step}`);
  };

  await snapshots.take(step, state, secondsSoFar());
  while (step < end) {
    if (control.stopAsked()) {
      save();
      return undefined;
    }
    const watching = watchStop(stage, control);
    const stepBegan = performance.now();
    try {
      state = await stage.step(state, step);
    } catch (error) {
      if (error instanceof StepInterrupted) {
        save();
        return undefined;
      }
      // The step that failed is what the next attempt begins with, `--debug-nan` above all.
      if (isNotFinite(error) && firstNotFinite(state.tensors) === undefined) save();
      throw error;
    } finally {
      clearInterval(watching);
    }
    step++;
    steps.position.step = step;
    fault('step-done');
    const now = performance.now();
    const tookSeconds = (now - stepBegan) / 1000;
    if (!toldSlow && !stage.interrupt && tookSeconds > (request.graceSeconds ?? Infinity)) {
      toldSlow = true;
      control.send({ type: 'slow-step', seconds: tookSeconds });
    }
    if (now - toldAt >= PROGRESS_EVERY_MS || step === end) {
      toldAt = now;
      control.send({ type: 'progress', step, steps: end, figures: { ...figures } });
      // Of an attempt that has just begun there is nothing to lose.
      if (now - steps.begun >= PROGRESS_EVERY_MS) steps.tellUsage();
    }
    await snapshots.take(step, state, secondsSoFar());
    const isLast = step === end;
    const isDue = now - savedAt >= 1000 * everySeconds || (everySteps !== undefined && step % everySteps === 0);
    if (isDue && !isLast) save();
    await eventLoopTurn();
  }
  return { state, step, secondsBefore };
}

/** How soon a step that can be given up hears that it should be. */
const LOOK_EVERY_MS = 200;

/** Only for stages whose steps can be: the others are waited for. */
function watchStop(stage: StageRun, control: AttemptControl): NodeJS.Timeout | undefined {
  if (!stage.interrupt) return undefined;
  return setInterval(() => {
    if (control.stopAsked()) stage.interrupt?.();
  }, LOOK_EVERY_MS);
}

function beginning({ key, finished }: Beginning, own: string): string {
  return key === own ? 'the checkpoint' : `the ${finished ? 'end' : 'checkpoint'} of ${key}`;
}
