/** The table of experiments and runs from what is in the store; computes nothing anew and writes nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../base/package-root.ts';
import { fail, type Result } from '../../../base/result.ts';
import { suggestion } from '../../config/nearest.ts';
import { looksLikeOverride } from '../../config/overrides.ts';
import type { Plan } from '../../plan/plan.ts';
import { formatLedger, type RunLedger } from '../../report/attempts-table.ts';
import { costTable, formatCosts } from '../../report/cost-table.ts';
import type { Side } from '../../report/diff.ts';
import { slicedPlan } from '../../report/diff-cells.ts';
import { Ledger } from '../../report/ledger.ts';
import { withOutsideCells } from '../../report/outside-cells.ts';
import { besidePublished } from '../../report/published/beside.ts';
import { type PublishedFile, parsePublished } from '../../report/published/schema.ts';
import { metricNames, type ResultTable, resultTable } from '../../report/table.ts';
import type { TableFormat } from '../../report/table-format-names.ts';
import { formatTable } from '../../report/table-formats.ts';
import { count } from '../../report/wording.ts';
import { eventsPath, readRunEvents } from '../../store/run-events.ts';
import { planDigest, runsOfPlan } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findRun } from '../find-run.ts';
import { print, tell, tellUsage } from '../output.ts';
import { cellsOutside } from '../outside-cells.ts';
import { remadeNodes } from '../present-code.ts';
import { recordsOf, storeToRead } from '../results.ts';
import { isFile, type Named, parseSide, sidesOf } from '../sides.ts';
import { type Told, told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  const overrides = args.operands.filter(looksLikeOverride);
  const names = args.operands.filter((operand) => !looksLikeOverride(operand));
  if (names.length === 0) {
    tellUsage(`Expected a run or an experiment file, got only \`${overrides.join(' ')}\`.`, 'compare');
    return EXIT.usage;
  }
  const named = names.map(parseSide);
  const wrong = names[named.indexOf(undefined)];
  if (wrong !== undefined) {
    tellUsage(`Expected a slice \`RUN:axis=value[,axis=value]\`, got \`${wrong}\`.`, 'compare');
    return EXIT.usage;
  }
  const meant = named.flatMap((side) => side ?? []);
  const sides = await sidesOf(meant, overrides, store.value, args, 'compare');
  if (!sides.ok) return sides.exit;
  if (args.has('cost')) return costs(sides.value, store.value, args);
  if (args.has('attempts')) return attempts(meant, sides.value, store.value, args);
  const published = args.has('published') ? told(publishedFile(args.text('published'))) : undefined;
  if (published && !published.ok) return published.exit;
  const tables: ResultTable[] = [];
  for (const [place, side] of sides.value.entries()) {
    const table = tableOf(side, args);
    if (!table.ok) return table.exit;
    const plan = slicedPlan(side);
    const ours = published ? besidePublished(table.value, plan, published.value) : table.value;
    tables.push(besideOutside(ours, side, meant[place], store.value, args));
  }
  const format = (args.text('format') ?? 'table') as TableFormat;
  if (format === 'json') print(`${JSON.stringify({ schema: 'retort-tables/1', tables }, null, 2)}\n`);
  else print(tables.map((table) => formatTable(table, format, process.stdout.columns)).join('\n'));
  return EXIT.done;
}

/** The papers' tables that come with retort, or the user's own. */
function publishedFile(path = join(packageRoot(), 'experiments/published.json')): Result<PublishedFile> {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    return fail('PUBLISHED_MISSING', `The published figures cannot be read: ${(error as Error).message}`, {
      place: path,
    });
  }
  return parsePublished(source, path);
}

/** A file's grid may have lost cells: that is said. A run shows what it is, unless all cells are asked for. */
function besideOutside(
  table: ResultTable,
  { plan, slice }: Side,
  named: Named | undefined,
  store: Store | undefined,
  args: Arguments,
): ResultTable {
  const all = args.has('all-cells');
  if (named && isFile(named.of)) tellRemade(plan, store);
  if (!all && !(named && isFile(named.of))) return table;
  return withOutsideCells(table, plan, cellsOutside(store, plan, slice), all);
}

/** Who has had results made again wants to know that these are the ones before. */
function tellRemade(plan: Plan, store: Store | undefined): void {
  const remade = [...remadeNodes(plan, store, recordsOf(store, plan)).values()];
  const different = remade.filter((result) => result === 'different').length;
  if (different > 0)
    tell(
      `The present code made other results of ${count(different, 'node')} of ${plan.experiment.file}; \`--rerun-on code\` shows those.\n`,
    );
}

/** What each cell cost, by the records of its nodes. */
function costs(sides: readonly Side[], store: Store | undefined, args: Arguments): number {
  const tables = sides.map((side) => {
    const { figures } = side;
    const plan = slicedPlan(side);
    const records = recordsOf(store, plan);
    return costTable(plan, figures, ({ key }) => records.get(key)?.seconds, args.text('metric'));
  });
  const format = (args.text('format') ?? 'table') as TableFormat;
  if (format === 'json') print(`${JSON.stringify({ schema: 'retort-costs/1', tables }, null, 2)}\n`);
  else print(tables.map((table) => formatCosts(table, format)).join('\n'));
  return EXIT.done;
}

/** The ledger of each run, an attempt a line; of a file, that of the newest run of what it plans now. */
function attempts(named: readonly Named[], sides: readonly Side[], store: Store | undefined, args: Arguments): number {
  const ledgers: RunLedger[] = [];
  for (const [place, side] of sides.entries()) {
    const { name, of } = named[place] as Named;
    const found = store && findRun(store, isFile(of) ? (runsOfPlan(store, planDigest(side.plan))[0] ?? of) : of);
    if (!found?.ok) {
      tell(`${name}: no run of it in the store, so no attempts.\n`);
      return EXIT.usage;
    }
    const run = found.value;
    const inSlice = new Set(slicedPlan(side).nodes.map(({ id }) => id));
    const ledger = new Ledger();
    for (const event of readRunEvents(eventsPath(run.store, run.id), { brief: true }).events) ledger.add(event);
    ledgers.push({ run: run.id, attempts: ledger.rows().filter(({ node }) => inSlice.has(node)) });
  }
  const format = (args.text('format') ?? 'table') as TableFormat;
  if (format === 'json') print(`${JSON.stringify({ schema: 'retort-ledgers/1', ledgers }, null, 2)}\n`);
  else print(ledgers.map((ledger) => formatLedger(ledger, format)).join('\n'));
  return EXIT.done;
}

function tableOf(side: Side, args: Arguments): Told<ResultTable> {
  const { figures, failed, pruned } = side;
  const plan = slicedPlan(side);
  const [metric, by] = [args.text('metric'), args.text('by')];
  const metrics = metricNames(plan, figures);
  if (metric !== undefined && metrics.length > 0 && !metrics.includes(metric))
    return refuse(
      `No node of \`${plan.experiment.name}\` has recorded a figure \`${metric}\`.`,
      metric,
      metrics,
      'Figures',
    );
  const axes = Object.keys(plan.axes);
  if (by !== undefined && !axes.includes(by))
    return refuse(`\`${plan.experiment.name}\` has no axis \`${by}\`.`, by, axes, 'Axes');
  return {
    ok: true,
    value: resultTable(plan, figures, {
      ...(metric && { metric }),
      ...(by && { by }),
      ...(args.has('sort') && { sort: true }),
      ...(failed && { failed }),
      ...(pruned && { pruned }),
    }),
  };
}

function refuse(message: string, name: string, known: readonly string[], what: string): Told<never> {
  tellUsage(`${message} ${suggestion(name, known, what) ?? ''}`.trim(), 'compare');
  return { ok: false, exit: EXIT.usage };
}
