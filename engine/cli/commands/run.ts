/** Runs what is missing of each experiment, then says what came out, where it lies, and how to go on. */
import { resultTable } from '../../report/table.ts';
import { formatTable } from '../../report/table-formats.ts';
import { type RunOutcome, runPlan } from '../../run/run.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { interruption } from '../interrupt.ts';
import { closingLines, failureWatch } from '../outcome.ts';
import { print, tell, tellFailure } from '../output.ts';
import { operandsOf, type Prepared, prepare } from '../prepare.ts';
import { openReporter, type ReporterName, reporterName } from '../reporter.ts';
import { recordsOf } from '../results.ts';

export async function run(args: Arguments): Promise<number> {
  const operands = operandsOf(args, 'run');
  if (!operands.ok) return operands.exit;
  const prepared = await prepare(operands.value, args);
  if (!prepared.ok) return prepared.exit;
  // Only now: a mistake must not leave an empty store behind.
  const store = openStore(storeFolder(args), { create: true });
  if (!store.ok) {
    tellFailure(store.error);
    return exitCodeOf(store.error);
  }
  const reporter = reporterName(args.text('reporter'));
  const stopping = interruption();
  let exit: number = EXIT.done;
  for (const one of prepared.value) {
    const code = await runOne(one, { store: store.value, reporter, signal: stopping.signal, args });
    exit = Math.max(exit, code);
    if (code === EXIT.interrupted || (code !== EXIT.done && args.has('fail-fast'))) break;
  }
  stopping.close();
  return exit;
}

interface Setting {
  readonly store: Store;
  readonly reporter: ReporterName;
  readonly signal: AbortSignal;
  readonly args: Arguments;
}

async function runOne(
  { plan, experiment, data }: Prepared,
  { store, reporter, signal, args }: Setting,
): Promise<number> {
  const shown = await openReporter(reporter);
  const { reporter: watching, failed } = failureWatch();
  let ended: RunOutcome;
  try {
    ended = await runPlan({
      plan,
      experiment,
      store,
      data,
      reporters: [shown, watching],
      signal,
      failFast: args.has('fail-fast'),
      concurrency: args.count('concurrency'),
      debugNan: args.has('debug-nan'),
    });
  } finally {
    await shown.close();
  }
  if (reporter === 'tui' || reporter === 'plain') {
    const records = recordsOf(store, plan);
    if (ended.outcome !== 'interrupted') {
      const table = resultTable(plan, (node) => records.get(node.key)?.metrics, { failed });
      print(`\n${formatTable(table, 'table', process.stdout.columns)}`);
    }
    tell(`\n${closingLines(ended, plan, records).join('\n')}\n`);
  }
  return EXIT[ended.outcome];
}
