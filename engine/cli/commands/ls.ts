/** The runs of a store, newest last, from their folders alone. */
import { textBlock } from '../../report/columns-of-text.ts';
import { count, duration } from '../../report/wording.ts';
import { allRuns } from '../../store/runs.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { print, tell } from '../output.ts';
import { storeToRead } from '../results.ts';
import { type RunSummary, summaryOfRun } from '../run-summaries.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  const { value } = store;
  const runs = value ? allRuns(value) : [];
  const lines = value ? runs.flatMap((id) => summaryOfRun(value, id) ?? []) : [];
  if (args.has('json')) print(`${JSON.stringify({ schema: 'retort-runs/1', runs: lines }, null, 2)}\n`);
  else if (lines.length > 0) print(table(lines));
  else if (runs.length === 0) tell(`Nothing has run in ${storeFolder(args)} yet.\n`);
  const unread = runs.length - lines.length;
  if (unread > 0)
    tell(`${count(unread, 'run')} with no readable run.json left out; \`retort verify\` names what is damaged.\n`);
  return EXIT.done;
}

function table(lines: readonly RunSummary[]): string {
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
