/**
 * What a checkpoint costs a real stage: distribution matching of 500 images, as long with one after every step as without
 * any. The difference, divided by their number, is one checkpoint; every 30 s there is one. What is saved is as much under
 * any network, so a narrow one is matched under: beside long steps the difference would drown in their noise.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unwrap } from '../../base/result.ts';
import { Arguments } from '../../engine/cli/arguments.ts';
import { prepare } from '../../engine/cli/prepare.ts';
import type { RunEvent } from '../../engine/events.ts';
import { runPlan } from '../../engine/run/run.ts';
import { openStore } from '../../engine/store/store.ts';

export const STEPS = 60;

const EXPERIMENT = `version: 1
name: checkpoints
data: { set: fashion-mnist }
network: { kind: convnet, depth: 3, width: 8 }
stages:
  start: { stage: select, method: random, imagesPerClass: 50 }
  distil: { stage: match, method: dm, start: start, iterations: ${STEPS}, learningRate: 1, batchReal: 8 }
`;

export interface Taken {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/** Of one attempt at the stage, in a fresh store. */
export async function stageTakes(parent: string, everySteps: number | undefined): Promise<Taken> {
  const folder = mkdtempSync(join(parent, 'checkpoints-'));
  const file = join(folder, 'dm.yaml');
  writeFileSync(file, EXPERIMENT);
  const prepared = await prepare({ files: [file], overrides: [] }, new Arguments([file], new Map()));
  const [experiment] = prepared.ok ? prepared.value : [];
  if (!experiment) throw new Error('Internal error: expected the experiment of the benchmark to be right');
  let taken: Taken | undefined;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'attempt-ended' && event.toStep === STEPS) taken = event;
  };
  try {
    await runPlan({
      ...experiment,
      store: unwrap(openStore(join(folder, 'runs'), { create: true })),
      reporters: [{ onEvent, close() {} }],
      checkpoints: { everySeconds: Number.MAX_SAFE_INTEGER, ...(everySteps !== undefined && { everySteps }) },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (!taken) throw new Error('Internal error: expected the stage to have run');
  return taken;
}
