/** What a list says of a run, from its small files alone: never its plan nor its events. */
import { join } from 'node:path';
import { holderIn } from '../store/leases.ts';
import { openRun, type RunRecord, readRunEnd, readRunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export interface RunSummary {
  readonly run: string;
  readonly name: string;
  readonly startedAt: string;
  readonly state: 'done' | 'failed' | 'running' | 'unfinished';
  readonly nodes: number;
  readonly executed?: number;
  readonly hits?: number;
  readonly seconds?: number;
  readonly host: string;
  /** Who drives it now. */
  readonly driver?: { readonly pid: number; readonly host: string };
}

/** Undefined where the folder holds no run. */
export function summaryOfRun(store: Store, id: string): RunSummary | undefined {
  const record = readRunRecord(store, id);
  if (!record) return undefined;
  const end = readRunEnd(store, id);
  const holder = end ? undefined : holderIn(join(store.runs, id, 'lease'), store.tmp);
  return {
    run: id,
    name: record.name,
    startedAt: record.startedAt,
    state: end?.outcome ?? (holder ? 'running' : 'unfinished'),
    nodes: record.nodes ?? nodesOfPlan(store, record),
    host: record.host,
    ...(end && { executed: end.executed, hits: end.hits, seconds: end.seconds }),
    ...(holder && { driver: { pid: holder.pid, host: holder.host } }),
  };
}

function nodesOfPlan(store: Store, { id }: RunRecord): number {
  const run = openRun(store, id);
  return run.ok ? run.value.plan.nodes.length : 0;
}
