/** The table of experiments and runs from what is in the store; computes nothing anew and writes nothing. */
import { basename } from 'node:path';
import { suggestion } from '../../config/nearest.ts';
import { looksLikeOverride } from '../../config/overrides.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Figures, metricNames, type ResultTable, resultTable } from '../../report/table.ts';
import type { TableFormat } from '../../report/table-format-names.ts';
import { formatTable } from '../../report/table-formats.ts';
import { openRun } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { print, tellFailure, tellUsage } from '../output.ts';
import { operandsOf, prepare, type Told } from '../prepare.ts';
import { recordsOf, storeToRead } from '../results.ts';

export async function run(args: Arguments): Promise<number> {
  const store = storeToRead(args);
  if (!store.ok) {
    tellFailure(store.error);
    return exitCodeOf(store.error);
  }
  const plans = await plansOf(args, store.value);
  if (!plans.ok) return plans.exit;
  const tables: ResultTable[] = [];
  for (const plan of plans.value) {
    const table = tableOf(plan, store.value, args);
    if (!table.ok) return table.exit;
    tables.push(table.value);
  }
  const format = (args.text('format') ?? 'table') as TableFormat;
  if (format === 'json') print(`${JSON.stringify({ schema: 'retort-tables/1', tables }, null, 2)}\n`);
  else print(tables.map((table) => formatTable(table, format, process.stdout.columns)).join('\n'));
  return EXIT.done;
}

/** Runs by their frozen plans, files as they are now; in the order given. */
async function plansOf(args: Arguments, store: Store | undefined): Promise<Told<Plan[]>> {
  const overrides = args.operands.filter(looksLikeOverride);
  const named = args.operands
    .filter((operand) => !looksLikeOverride(operand))
    .map((name) => ({ name, frozen: frozenPlan(name, store) }));
  const files = named.filter(({ frozen }) => !frozen).map(({ name }) => name);
  if (named.length > 0 && files.length === 0)
    return { ok: true, value: named.flatMap(({ frozen }) => (frozen ? [frozen] : [])) };
  const operands = operandsOf(args, 'compare');
  if (!operands.ok) return operands;
  const prepared = await prepare({ files, overrides }, args);
  if (!prepared.ok) return prepared;
  const current = (name: string) => prepared.value.find(({ experiment }) => experiment.file === name)?.plan;
  return { ok: true, value: named.flatMap(({ name, frozen }) => frozen ?? current(name) ?? []) };
}

/** By the name of a run, or by its folder; a store that a run comes from is named by `--store`. */
function frozenPlan(name: string, store: Store | undefined): Plan | undefined {
  if (!store || /\.ya?ml$/.test(name)) return undefined;
  const run = openRun(store, basename(name));
  return run.ok ? run.value.plan : undefined;
}

function tableOf(plan: Plan, store: Store | undefined, args: Arguments): Told<ResultTable> {
  const records = recordsOf(store, plan);
  const figures: Figures = (node) => records.get(node.key)?.metrics;
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
  return { ok: true, value: resultTable(plan, figures, { ...(metric && { metric }), ...(by && { by }) }) };
}

function refuse(message: string, name: string, known: readonly string[], what: string): Told<never> {
  tellUsage(`${message} ${suggestion(name, known, what) ?? ''}`.trim(), 'compare');
  return { ok: false, exit: EXIT.usage };
}
