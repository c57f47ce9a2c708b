/**
 * A driver as a process of its own, so that tests can kill it or start two: runs a trivial experiment, given as JSON, and
 * prints every event as a line.
 */
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../../engine/events.ts';
import type { CheckpointCadence } from '../../engine/executors/executor.ts';
import { runPlan } from '../../engine/run/run.ts';
import { openStore } from '../../engine/store/store.ts';
import { type TrivialExperiment, trivialPlan } from './trivial-plan.ts';

export const TRIVIAL_STAGES = join(packageRoot(), 'dist/test/rig/trivial-stages.js');

export interface DriverArguments extends TrivialExperiment {
  readonly store: string;
  readonly concurrency?: number;
  readonly checkpoints?: Partial<CheckpointCadence>;
}

const stages = join(packageRoot(), 'dist/test/rig/trivial-stages.js');
const [given] = process.argv.slice(2);
const args = JSON.parse(given ?? '') as DriverArguments;
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

const { outcome } = await runPlan({
  ...trivialPlan(args),
  store: unwrap(openStore(args.store, { create: true })),
  data: { folder: '' },
  reporters: [{ onEvent: (event: RunEvent) => process.stdout.write(`${JSON.stringify(event)}\n`), close() {} }],
  signal: stopping.signal,
  concurrency: args.concurrency,
  checkpoints: args.checkpoints,
  stageModules: [stages],
});
process.exitCode = { done: 0, failed: 1, interrupted: 75 }[outcome];
