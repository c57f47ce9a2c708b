/** Killed at every step of every commit protocol: nothing half-made is believed, and the same command ends with the same bytes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../base/digest.ts';
import { packageRoot } from '../../base/package-root.ts';
import { unwrap } from '../../base/result.ts';
import type { State } from '../../stages/stage.ts';
import { floats } from '../../tensor/tensor.ts';
import { memoryFolder } from '../../test/rig/memory-folder.ts';
import { newestCheckpoint } from './checkpoints.ts';
import { readEvents } from './event-log.ts';
import { type FaultPoint, faultPoints } from './faults.ts';
import { readKey, resultDigest } from './keys.ts';
import { leaseHolder } from './leases.ts';
import { readObject } from './objects.ts';
import { rehearsalPlan, rehearse, toyStep } from './rehearsal.ts';
import { allRuns, openRun, readRunEnd } from './runs.ts';
import { openStore, type Store } from './store.ts';

const folders: string[] = [];
afterAll(() => folders.map((folder) => rmSync(folder, { recursive: true, force: true })));

function newFolder(): string {
  const folder = memoryFolder('faults');
  folders.push(folder);
  return folder;
}

async function killedAt(folder: string, fault: string): Promise<void> {
  const program = join(packageRoot(), 'dist/engine/store/rehearsal.js');
  const child = spawn(process.execPath, [program, folder], {
    env: { ...process.env, RETORT_FAULT: fault },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
}

const plan = rehearsalPlan();
const undisturbed = rehearse(newFolder()).map(resultDigest);

/** Everything that is believed of a store is whole and right. */
function expectNothingHalf(store: Store): void {
  for (const folder of readdirSync(store.objects))
    for (const name of readdirSync(join(store.objects, folder)))
      expect(sha256(readFileSync(join(store.objects, folder, name)))).toBe(name);
  for (const [index, { key }] of plan.nodes.entries()) {
    const record = readKey(store, key);
    if (record) expect(resultDigest(record)).toBe(undisturbed[index]);
    for (const { sha256 } of Object.values(record?.artifacts ?? {}).flatMap((files) => Object.values(files)))
      unwrap(readObject(store, sha256, { verify: true }));
    const checkpoint = newestCheckpoint(store, key);
    if (checkpoint) expect(checkpoint.state).toEqual(stateAfter(checkpoint.step));
    expect(leaseHolder(store, key)).toBeUndefined();
  }
  for (const id of allRuns(store)) expect(unwrap(openRun(store, id)).plan).toEqual(plan);
}

function stateAfter(steps: number): State {
  let state: State = { tensors: { images: floats(new Float64Array(64)) }, values: {} };
  for (let step = 0; step < steps; step++) state = toyStep(state, step);
  return state;
}

/** The third checkpoint is the first one that overwrites a slot. */
const passing = (point: FaultPoint) => (point.startsWith('checkpoint-') ? `${point}:3` : point);

describe.concurrent('killed at', () => {
  it.each(faultPoints.map(passing))('%s', async (fault) => {
    const folder = newFolder();
    await killedAt(folder, fault);
    const store = unwrap(openStore(folder));
    expectNothingHalf(store);
    const before = allRuns(store).filter((id) => !readRunEnd(store, id));

    expect(rehearse(folder).map(resultDigest)).toEqual(undisturbed);
    expectNothingHalf(store);
    // An unfinished run is continued, not begun again; its log reads to the end.
    for (const id of before) {
      expect(readRunEnd(store, id)?.outcome).toBe('done');
      expect(readEvents(unwrap(openRun(store, id))).events.at(-1)?.type).toMatch(/node-(done|hit)/);
    }
    expect(readdirSync(store.checkpoints)).toEqual([]);
  });
});
