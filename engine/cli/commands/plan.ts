/** What would run and what is there already; runs and writes nothing. */
import type { Plan, PlanNode } from '../../plan/plan.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { count, duration } from '../../report/wording.ts';
import { earlierResults } from '../../store/earlier-results.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { print, tellFailure } from '../output.ts';
import { operandsOf, prepare } from '../prepare.ts';
import { type Prospect, prospectsOf } from '../prospects.ts';
import { recordsOf, storeToRead } from '../results.ts';

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
  const found = prepared.value.map(({ plan }) => ({ plan, records: recordsOf(store.value, plan) }));
  const misses = found.some(({ plan, records }) => records.size < plan.nodes.length);
  const earlier = store.value && misses ? await earlierResults(store.value) : [];
  const looked = found.map(({ plan, records }) => ({
    plan,
    prospects: prospectsOf(plan, { store: store.value, records, earlier }),
  }));
  if (args.has('json')) {
    const plans = looked.map(({ plan, prospects }) => ({
      ...plan,
      nodes: prospects.map(({ node, ...prospect }) => ({ ...node, ...prospect })),
    }));
    print(`${JSON.stringify({ schema: 'retort-plans/1', plans }, null, 2)}\n`);
  } else print(looked.map(({ plan, prospects }) => page(plan, prospects)).join('\n'));
  return EXIT.done;
}

function page(plan: Plan, prospects: readonly Prospect[]): string {
  const { sets, evaluations } = plan.replicates;
  const head = [
    `${plan.experiment.name} (${plan.experiment.file})`,
    `${plan.data.description}; backend ${plan.backend}; ${count(plan.cells.length, 'cell')} x ${count(sets, 'set')} x ${count(evaluations, 'evaluation')}`,
  ];
  const nodes = textBlock([
    { header: 'node', cells: prospects.map(({ node }) => node.id) },
    { header: 'stage', cells: prospects.map(({ node }) => node.manifest.stage) },
    { header: 'needs', cells: prospects.map(({ node }) => needs(node)) },
    { header: 'state', cells: prospects.map(({ says }) => says) },
  ]);
  const hits = prospects.filter(({ state }) => state === 'hit');
  const saved = hits.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  const foot = `${count(prospects.length, 'node')}: ${prospects.length - hits.length} to run, ${count(hits.length, 'hit')}${saved > 0 ? ` (${duration(saved)} of work)` : ''}.`;
  return `${[...head, '', ...nodes, '', foot].join('\n')}\n`;
}

function needs({ inputs, manifest }: PlanNode): string {
  const roles = Object.entries(inputs).map(([role, id]) => `${role}: ${id}`);
  return [...roles, ...('data' in manifest.inputs ? ['data'] : [])].join(', ');
}
