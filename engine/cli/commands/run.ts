/** Runs what is missing of each experiment, then says what came out, where it lies, and how to go on. */
import type { Failure } from '../../../base/result.ts';
import type { Reporter } from '../../events.ts';
import type { Executor } from '../../executors/executor.ts';
import { limitsOf } from '../../plan/limits.ts';
import { differenceLines } from '../../report/difference-words.ts';
import { Ledger } from '../../report/ledger.ts';
import { resultTable } from '../../report/table.ts';
import { formatTable } from '../../report/table-formats.ts';
import { doesNotFit, thisMachine } from '../../run/machine.ts';
import { type RunOutcome, runPlan } from '../../run/run.ts';
import { prunedNodes } from '../../store/prune-marks.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { differenceSince } from '../earlier-plan.ts';
import { eventsReporter, ON_STDOUT } from '../events-file.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { failureLines, failureWatch, retryCommand } from '../failed-nodes.ts';
import { storeFolder } from '../folders.ts';
import { missingGraphics } from '../graphics-check.ts';
import { interruption } from '../interrupt.ts';
import { closingLines } from '../outcome.ts';
import { print, tell, tellFailure } from '../output.ts';
import { operandsOf, type Prepared, prepare } from '../prepare.ts';
import { openReporter, type ReporterName, reporterName } from '../reporter.ts';
import { recordsOf } from '../results.ts';
import { keepStandingOfRun, standingKeeper } from '../run-standing.ts';
import { selected } from '../selection.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const operands = operandsOf(args, 'run');
  if (!operands.ok) return operands.exit;
  const prepared = await prepare(operands.value, args);
  if (!prepared.ok) return prepared.exit;
  const missing = await missingGraphics(prepared.value.map(({ plan }) => plan));
  if (missing) {
    tellFailure(missing);
    return exitCodeOf(missing);
  }
  const reporter = reporterName(args.text('reporter'));
  const events = told(eventsReporter(args.text('events'), reporter));
  if (!events.ok) return events.exit;
  // Only now: a mistake must not leave an empty store behind.
  const store = told(openStore(storeFolder(args), { create: true }));
  if (!store.ok) return store.exit;
  const plans = prepared.value.map(({ plan }) => plan);
  const only = selected(plans, args);
  if (!only.ok) return only.exit;
  const tooLarge = whatDoesNotFit(prepared.value, store.value);
  if (tooLarge) {
    tellFailure(tooLarge);
    return exitCodeOf(tooLarge);
  }
  const stopping = interruption();
  const executor = sharedExecutor();
  const { overrides } = operands.value;
  let exit: number = EXIT.done;
  try {
    for (const one of prepared.value) {
      const { signal, press: interrupt } = stopping;
      const setting = { store: store.value, reporter, signal, interrupt, args, overrides, only: only.value };
      const code = await runOne(one, { ...setting, events: events.value, executor: executor.open });
      exit = Math.max(exit, code);
      const goesOn = code === EXIT.done || (code === EXIT.failed && !args.has('fail-fast'));
      if (!goesOn) break;
    }
  } finally {
    await executor.close();
    stopping.close();
    await events.value.close();
  }
  return exit;
}

interface Setting {
  readonly store: Store;
  readonly reporter: ReporterName;
  /** Of `--events`. */
  readonly events: Reporter;
  readonly signal: AbortSignal;
  readonly interrupt: () => void;
  readonly args: Arguments;
  readonly overrides: readonly string[];
  readonly only: ReadonlySet<string> | undefined;
  readonly executor: () => Promise<Executor>;
}

async function runOne(prepared: Prepared, setting: Setting): Promise<number> {
  const { plan, experiment, data } = prepared;
  const { store, reporter, events, signal, interrupt, args, overrides, only, executor } = setting;
  const since = differenceSince(store, prepared, { byDigest: true });
  // Above the live view, where it stays; the others tell it with the event.
  if (since && reporter === 'tui') tell(`${differenceLines(since, experiment.file).join('\n')}\n`);
  const shown = await openReporter(reporter, interrupt);
  const watch = failureWatch();
  const ledger = new Ledger();
  let ended: RunOutcome;
  try {
    ended = await runPlan({
      plan,
      experiment,
      store,
      data,
      reporters: [
        ...[shown, events, watch.reporter, standingKeeper(store)],
        { onEvent: (event) => ledger.add(event), close() {} },
      ],
      signal,
      failFast: args.has('fail-fast') && (args.text('fail-fast') === 'stop' ? 'stop' : 'start-nothing'),
      concurrency: args.count('concurrency'),
      prune: args.has('no-prune') ? false : undefined,
      debugNan: args.has('debug-nan'),
      only,
      since,
      executor,
    });
  } finally {
    await shown.close();
  }
  if (reporter === 'tui' || reporter === 'plain') {
    const records = recordsOf(store, plan, ended.found);
    if (ended.outcome !== 'interrupted') {
      const table = resultTable(plan, (node) => records.get(node.key)?.metrics, {
        failed: watch.failed,
        pruned: prunedNodes(store, plan),
      });
      if (args.text('events') !== ON_STDOUT) print(`\n${formatTable(table, 'table', process.stdout.columns)}`);
    }
    const failures = failureLines(watch.nodes, retryCommand(args, experiment.file, overrides));
    if (failures.length > 0) tell(`\n${failures.join('\n')}\n`);
    tell(`\n${closingLines(ended, plan, records, ledger.totals()).join('\n')}\n`);
  }
  if (!ended.storeFailure) {
    keepStandingOfRun(store, ended.run);
    return EXIT[ended.outcome];
  }
  tellFailure(ended.storeFailure);
  return ended.outcome === 'interrupted' ? EXIT.interrupted : EXIT.store;
}

/** Asked of all files before the first one starts. */
function whatDoesNotFit(prepared: readonly Prepared[], store: Store): Failure | undefined {
  const machine = thisMachine();
  for (const { plan, experiment } of prepared) {
    const failure = doesNotFit(plan, limitsOf(plan, experiment), store, machine);
    if (failure) return failure;
  }
  return undefined;
}

/** Children live on from one experiment to the next; none is started where all is there. */
function sharedExecutor(): { open(): Promise<Executor>; close(): Promise<void> } {
  let opened: Promise<Executor> | undefined;
  return {
    open() {
      opened ??= import('../../executors/local/executor.ts').then(({ openLocalExecutor }) => openLocalExecutor());
      return opened;
    },
    close: async () => (await opened)?.close(),
  };
}
