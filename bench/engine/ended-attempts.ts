/**
 * A store to look at: a run of which every node was computed in one attempt, the newest of many, and its index. Written as
 * a driver writes it, with a line of progress for every second that an attempt took; what the attempts made is not there.
 *
 * The same under way: all but one node have ended, the last is at work, and the process that wrote it drives it until `leave`,
 * which leaves it unfinished, as a kill does: what was kept of its events last lies some thousand of them back.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { Arguments } from '../../engine/cli/arguments.ts';
import { prepare } from '../../engine/cli/prepare.ts';
import { keepStandingOfRun, standingKeeper } from '../../engine/cli/run-standing.ts';
import type { RunEvent } from '../../engine/events.ts';
import type { PlanNode } from '../../engine/plan/plan.ts';
import type { Unstamped } from '../../engine/run/journal.ts';
import { openEventLog } from '../../engine/store/event-log.ts';
import { reindex } from '../../engine/store/index.ts';
import { createRun, type DrivenRun, finishRun, leaveRun } from '../../engine/store/runs.ts';
import { openStore } from '../../engine/store/store.ts';
import { finishedGrid } from './finished-grid.ts';

/** Seconds that an attempt is said to have taken. */
const TOOK = 10;
const OLDER_RUNS = 200;

export interface EndedAttempts {
  /** Holds the store `runs`. */
  readonly folder: string;
  readonly node: string;
  /** Nobody drives the run any more, and nothing else changes. */
  leave(): void;
}

export interface Attempts {
  /** The driver has not ended the run. */
  readonly underWay?: boolean;
}

export async function endedAttempts(
  parent: string,
  attempts: number,
  { underWay = false }: Attempts = {},
): Promise<EndedAttempts> {
  const folder = finishedGrid(parent, attempts);
  const store = unwrap(openStore(join(folder, 'runs'), { create: true }));
  const file = join(folder, 'grid.yaml');
  const run = async (...overrides: string[]): Promise<DrivenRun> => {
    const prepared = await prepare({ files: [file], overrides }, new Arguments([file], new Map()));
    const [first] = prepared.ok ? prepared.value : [];
    if (!first) throw new Error('Internal error: expected the experiment of the benchmark to be right');
    return createRun(store, first.plan, first.experiment as unknown as Json);
  };
  for (let older = 0; older < OLDER_RUNS; older++) end(await run('replicates.sets=1'), 0);
  const newest = await run();
  tell(newest, underWay);
  if (!underWay) {
    end(newest, attempts);
    keepStandingOfRun(store, newest.id);
  }
  unwrap(await reindex(store)).close();
  const node = newest.plan.nodes.at(underWay ? -2 : -1);
  if (!node) throw new Error('Internal error: expected nodes');
  return { folder, node: node.id, leave: () => leaveRun(newest) };
}

function end(run: DrivenRun, executed: number): void {
  const hits = run.plan.nodes.length - executed;
  finishRun(run, { outcome: 'done', at: new Date().toISOString(), executed, hits, seconds: executed * TOOK });
}

function tell(run: DrivenRun, underWay: boolean): void {
  const events = openEventLog(run);
  const keeper = standingKeeper(run.store);
  const { id, folder, plan } = run;
  let now = Date.now() - 1000 * TOOK * plan.nodes.length;
  const append = (unstamped: Unstamped) => {
    const event = { at: new Date(now).toISOString(), ...unstamped } as RunEvent;
    events.append(event);
    keeper.onEvent(event);
  };
  append({ type: 'run-started', run: id, folder, plan, continues: false });
  for (const node of plan.nodes) {
    const place = run.nodeFolder(node.id);
    const log = join(place, 'attempt-1', 'log.txt');
    mkdirSync(join(place, 'attempt-1'), { recursive: true });
    writeFileSync(log, `${node.id}\n`);
    for (const event of attemptAt(node, place, log)) {
      if (underWay && node === plan.nodes.at(-1) && event.type === 'attempt-ended') break;
      append(event);
      if (event.type === 'node-progress') now += 1000;
    }
  }
  if (!underWay) append({ type: 'run-finished', outcome: 'done', executed: plan.nodes.length, hits: 0, seconds: 1 });
  events.close();
}

function attemptAt({ id: node, outputs }: PlanNode, place: string, log: string): Unstamped[] {
  const metrics = { loss: 1 / 12 };
  const took = { wallSeconds: TOOK, cpuSeconds: 1.9 * TOOK, peakMemory: 4e8 };
  const artifacts = Object.fromEntries(outputs.map((role) => [role, join(place, role)]));
  const progress = Array.from({ length: TOOK }, (_, index): Unstamped => {
    const figures = { loss: 1 / (index + 3) };
    return { type: 'node-progress', node, step: 100 * (index + 1), steps: 100 * TOOK, figures };
  });
  return [
    { type: 'node-started', node, attempt: 1, fromStep: 0, steps: 100 * TOOK, log },
    ...progress,
    { type: 'node-checkpoint', node, step: 100 * TOOK },
    {
      ...{ type: 'attempt-ended', node, attempt: 1, end: 'done', ...took },
      ...{ fromStep: 0, toStep: 100 * TOOK, savedStep: 100 * TOOK },
    },
    { type: 'node-done', node, metrics, seconds: TOOK, artifacts },
  ];
}
