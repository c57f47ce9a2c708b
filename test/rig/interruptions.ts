/**
 * Random interruptions of a run of trivial stages, each drawn from (seed, number) so that any can be had again: a fault point
 * in whichever process passes it first, `kill -9` of driver, child or both after so many events, SIGSTOP and SIGCONT, Ctrl-C.
 * A store is interrupted several times, then finished and judged: the same bytes as undisturbed, nothing that was finished
 * computed again, and an index equal to one made anew. `npm run soak` and a test of CI share it.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../../engine/events.ts';
import { faultPoints } from '../../engine/store/faults.ts';
import { dumpIndex, ingest, openIndex, reindex } from '../../engine/store/index.ts';
import { openStore } from '../../engine/store/store.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { results } from './artifacts.ts';
import { childrenOf } from './processes.ts';
import { nodesOf, startDriver } from './trivial-run.ts';

const EXPERIMENT = {
  cells: [
    { a: { steps: 6 }, b: { from: 'a', steps: 8, work: 5 } },
    { a: { steps: 6 }, c: { from: 'a', steps: 9 } },
  ],
  checkpoints: { everySteps: 2 },
  concurrency: 2,
};

const VICTIMS = ['driver', 'child', 'both'] as const;
/** Of one store, before it may finish. */
const IN_A_ROW = 5;
const MOST_EVENTS = 16;
const MOST_PASSINGS = 2;

interface Interruption {
  readonly says: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly onEvent?: (event: RunEvent, driver: ChildProcess) => void;
}

function interruptionOf(seed: number, number: number): Interruption {
  const [kind = 0, first = 0, second = 0] = randomStream({ base: seed }, 'interruptions').uniform(number, 3);
  if (kind < 0.5) {
    // Each point in its turn, so that none is left to chance.
    const point = faultPoints[number % faultPoints.length];
    const fault = `${point}:${1 + Math.floor(first * MOST_PASSINGS)}`;
    return { says: `fault ${fault}`, environment: { RETORT_FAULT: fault } };
  }
  const after = 1 + Math.floor(first * MOST_EVENTS);
  let heard = 0;
  const at = (act: (driver: ChildProcess) => void) => (_: RunEvent, driver: ChildProcess) => {
    heard++;
    if (heard === after) act(driver);
  };
  if (kind < 0.9) {
    const victim = VICTIMS[Math.floor(second * VICTIMS.length)] ?? 'driver';
    return { says: `kill -9 of ${victim} after ${after} events`, onEvent: at((driver) => killed(driver, victim)) };
  }
  if (kind < 0.95) return { says: `Ctrl-C after ${after} events`, onEvent: at((driver) => driver.kill('SIGINT')) };
  const pause = (driver: ChildProcess) => {
    for (const signal of ['SIGSTOP', 'SIGCONT'] as const) for (const pid of childrenOf(driver.pid)) send(pid, signal);
  };
  return { says: `SIGSTOP and SIGCONT of children after ${after} events`, onEvent: at(pause) };
}

function killed(driver: ChildProcess, victim: (typeof VICTIMS)[number]): void {
  // Asked before the driver dies: orphans have another parent.
  const children = victim === 'driver' ? [] : childrenOf(driver.pid);
  if (victim !== 'child') driver.kill('SIGKILL');
  for (const pid of children) send(pid, 'SIGKILL');
}

/** It may have ended by itself meanwhile. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}

export interface Soaked {
  /** Processes that died, and commands that were interrupted. */
  readonly interruptions: number;
  readonly stores: number;
  /** What went wrong, with what had been done to the store. */
  readonly problems: readonly string[];
}

/** Goes on until so many interruptions have really happened. */
export async function soak(wanted: number, seed: number, tell: (line: string) => void = () => {}): Promise<Soaked> {
  const expected = await inFreshStore(async (store) => {
    await startDriver({ ...EXPERIMENT, store });
    return canonicalJson(results(store) as Json);
  });
  const problems: string[] = [];
  let [interruptions, stores, number] = [0, 0, 0];
  while (interruptions < wanted) {
    const done: string[] = [];
    await inFreshStore(async (store) => {
      const finished = new Set<string>();
      const problem = (what: string) => {
        problems.push(`seed ${seed}, store ${stores}: ${what} (after: ${done.join('; ')})`);
        tell(problems.at(-1) ?? '');
      };
      const drive = async (interruption: Interruption | undefined): Promise<number | null> => {
        const { code, signal, events } = await startDriver({ ...EXPERIMENT, store }, interruption);
        for (const node of nodesOf(events, 'node-started'))
          if (finished.has(node)) problem(`${node} was finished and started again`);
        for (const node of [...nodesOf(events, 'node-done'), ...nodesOf(events, 'node-hit')]) finished.add(node);
        const lost = events.filter((event) => event.type === 'node-failed');
        interruptions += lost.length + (signal || code === 75 ? 1 : 0);
        if (code === 1) problem(`failed: ${lost.map((event) => event.failure.message).join(' ')}`);
        return code;
      };
      let code: number | null = null;
      for (let turn = 0; turn < IN_A_ROW && code !== 0; turn++) {
        const interruption = interruptionOf(seed, number++);
        done.push(interruption.says);
        code = await drive(interruption);
      }
      if (code !== 0) code = await drive(undefined);
      if (code !== 0) problem(`the last, undisturbed driver ended with ${code}`);
      if (canonicalJson(results(store) as Json) !== expected) problem('other bytes than undisturbed');
      if (!(await hasTrueIndex(store))) problem('the index differs from one made anew');
    });
    stores++;
    tell(`${interruptions} interruptions of ${stores} stores, ${problems.length} problems`);
  }
  return { interruptions, stores, problems };
}

async function hasTrueIndex(folder: string): Promise<boolean> {
  const store = unwrap(openStore(folder));
  const grown = unwrap(await openIndex(store));
  unwrap(ingest(grown));
  const before = JSON.stringify(dumpIndex(grown));
  grown.close();
  const anew = unwrap(await reindex(store));
  const after = JSON.stringify(dumpIndex(anew));
  anew.close();
  return before === after;
}

async function inFreshStore<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'retort-soak-'));
  try {
    return await use(join(folder, 'store'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
