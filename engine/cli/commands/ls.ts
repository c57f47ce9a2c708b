/** The runs of a store, newest last, from their folders alone. */
import { join } from 'node:path';
import { textBlock } from '../../report/columns-of-text.ts';
import { duration } from '../../report/wording.ts';
import { holderIn } from '../../store/leases.ts';
import { allRuns, openRun, readRunEnd, readRunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { print, tell, tellFailure } from '../output.ts';
import { storeToRead } from '../results.ts';

interface Line {
  readonly run: string;
  readonly name: string;
  readonly startedAt: string;
  readonly state: 'done' | 'failed' | 'running' | 'unfinished';
  readonly nodes: number;
  readonly executed?: number;
  readonly seconds?: number;
}

export async function run(args: Arguments): Promise<number> {
  const store = storeToRead(args);
  if (!store.ok) {
    tellFailure(store.error);
    return exitCodeOf(store.error);
  }
  const { value } = store;
  const lines = value ? allRuns(value).flatMap((id) => lineOf(value, id)) : [];
  if (args.has('json')) print(`${JSON.stringify({ schema: 'retort-runs/1', runs: lines }, null, 2)}\n`);
  else if (lines.length > 0) print(table(lines));
  else tell(`Nothing has run in ${storeFolder(args)} yet.\n`);
  return EXIT.done;
}

function lineOf(store: Store, id: string): Line[] {
  const record = readRunRecord(store, id);
  const opened = openRun(store, id);
  if (!record || !opened.ok) return [];
  const end = readRunEnd(store, id);
  const driven = !end && holderIn(join(opened.value.folder, 'lease'), store.tmp) !== undefined;
  return [
    {
      run: id,
      name: record.name,
      startedAt: record.startedAt,
      state: end?.outcome ?? (driven ? 'running' : 'unfinished'),
      nodes: opened.value.plan.nodes.length,
      ...(end && { executed: end.executed, seconds: end.seconds }),
    },
  ];
}

function table(lines: readonly Line[]): string {
  const block = textBlock([
    { header: 'run', cells: lines.map(({ run }) => run) },
    { header: 'state', cells: lines.map(({ state }) => state) },
    { header: 'started (UTC)', cells: lines.map(({ startedAt }) => startedAt.slice(0, 16).replace('T', ' ')) },
    {
      header: 'took',
      cells: lines.map(({ seconds }) => (seconds === undefined ? '-' : duration(seconds))),
      right: true,
    },
    {
      header: 'nodes',
      cells: lines.map(({ nodes, executed }) =>
        executed === undefined ? String(nodes) : `${nodes} (${executed} run)`,
      ),
    },
    { header: 'experiment', cells: lines.map(({ name }) => name) },
  ]);
  return `${block.join('\n')}\n`;
}
