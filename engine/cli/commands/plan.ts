/** What would run and what is there already; runs and writes nothing. */
import type { PlanNode } from '../../plan/plan.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { count, duration, figures } from '../../report/wording.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { print, tellFailure } from '../output.ts';
import { operandsOf, type Prepared, prepare } from '../prepare.ts';
import { type Records, recordsOf, storeToRead } from '../results.ts';

export async function run(args: Arguments): Promise<number> {
  const operands = operandsOf(args, 'plan');
  if (!operands.ok) return operands.exit;
  const prepared = await prepare(operands.value, args);
  if (!prepared.ok) return prepared.exit;
  const store = storeToRead(args);
  if (!store.ok) {
    tellFailure(store.error);
    return exitCodeOf(store.error);
  }
  const looked = prepared.value.map((one) => ({ one, records: recordsOf(store.value, one.plan) }));
  if (args.has('json')) {
    const plans = looked.map(({ one: { plan }, records }) => ({
      ...plan,
      nodes: plan.nodes.map((node) => ({ ...node, state: records.has(node.key) ? 'hit' : 'to run' })),
    }));
    print(`${JSON.stringify({ schema: 'retort-plans/1', plans }, null, 2)}\n`);
  } else print(looked.map(({ one, records }) => page(one, records)).join('\n'));
  return EXIT.done;
}

function page({ plan }: Prepared, records: Records): string {
  const { sets, evaluations } = plan.replicates;
  const hits = plan.nodes.filter((node) => records.has(node.key));
  const head = [
    `${plan.experiment.name} (${plan.experiment.file})`,
    `${plan.data.description}; backend ${plan.backend}; ${count(plan.cells.length, 'cell')} x ${count(sets, 'set')} x ${count(evaluations, 'evaluation')}`,
  ];
  const nodes = textBlock([
    { header: 'node', cells: plan.nodes.map(({ id }) => id) },
    { header: 'stage', cells: plan.nodes.map(({ manifest }) => manifest.stage) },
    { header: 'needs', cells: plan.nodes.map(needs) },
    { header: 'state', cells: plan.nodes.map((node) => state(node, records)) },
  ]);
  const saved = hits.reduce((sum, node) => sum + (records.get(node.key)?.seconds ?? 0), 0);
  const foot = `${count(plan.nodes.length, 'node')}: ${plan.nodes.length - hits.length} to run, ${count(hits.length, 'hit')}${saved > 0 ? ` (${duration(saved)} saved)` : ''}.`;
  return `${[...head, '', ...nodes, '', foot].join('\n')}\n`;
}

function needs({ inputs, manifest }: PlanNode): string {
  const roles = Object.entries(inputs).map(([role, id]) => `${role}: ${id}`);
  return [...roles, ...('data' in manifest.inputs ? ['data'] : [])].join(', ');
}

function state(node: PlanNode, records: Records): string {
  const record = records.get(node.key);
  if (!record) return 'to run';
  const recorded = figures(record.metrics);
  return recorded ? `hit: ${recorded}` : 'hit';
}
