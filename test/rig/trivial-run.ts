/** Runs of trivial experiments with real child processes: in this process, or with a driver that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../../engine/events.ts';
import { type RunOptions, type RunOutcome, runPlan } from '../../engine/run/run.ts';
import { openStore } from '../../engine/store/store.ts';
import type { DriverArguments } from './trivial-driver.ts';
import { type TrivialExperiment, trivialPlan } from './trivial-plan.ts';

export const TRIVIAL_STAGES = join(packageRoot(), 'dist/test/rig/trivial-stages.js');
const DRIVER = join(packageRoot(), 'dist/test/rig/trivial-driver.js');

export interface TrivialRun {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
}

interface Options extends Partial<Omit<RunOptions, 'plan' | 'experiment' | 'store' | 'reporters'>> {
  readonly onEvent?: (event: RunEvent) => void;
  /** `false`: the events are not gathered. */
  readonly keepEvents?: boolean;
}

export async function runTrivial(
  store: string,
  experiment: TrivialExperiment,
  options: Options = {},
): Promise<TrivialRun> {
  const { onEvent = () => {}, keepEvents = true, ...rest } = options;
  const events: RunEvent[] = [];
  const outcome = await runPlan({
    ...trivialPlan(experiment),
    store: unwrap(openStore(store, { create: true })),
    data: { folder: '' },
    stageModules: [TRIVIAL_STAGES],
    reporters: [
      {
        onEvent(event) {
          if (keepEvents) events.push(event);
          onEvent(event);
        },
        close() {},
      },
    ],
    ...rest,
  });
  return { outcome, events };
}

/** Ids of the nodes of all events of a type, in their order. */
export function nodesOf(events: readonly RunEvent[], type: RunEvent['type']): string[] {
  return events.flatMap((event) => (event.type === type && 'node' in event && event.node ? [event.node] : []));
}

export interface EndedDriver {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: readonly RunEvent[];
}

/** A driver of its own; `onEvent` may kill it. */
export function startDriver(
  given: DriverArguments,
  options: { environment?: NodeJS.ProcessEnv; onEvent?: (event: RunEvent, driver: ChildProcess) => void } = {},
): Promise<EndedDriver> {
  const driver = spawn(process.execPath, [DRIVER, JSON.stringify(given)], {
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: RunEvent[] = [];
  let rest = '';
  driver.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as RunEvent;
      events.push(event);
      options.onEvent?.(event, driver);
    }
  });
  return new Promise((ended) => driver.on('close', (code, signal) => ended({ code, signal, events })));
}
