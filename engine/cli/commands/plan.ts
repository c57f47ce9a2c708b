/** What would run and what is there already; runs and writes nothing. */
import type { Plan, PlanNode } from '../../plan/plan.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { count, duration, figures } from '../../report/wording.ts';
import { newestCheckpoint } from '../../store/checkpoints.ts';
import { leaseHolder } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { print, tellFailure } from '../output.ts';
import { operandsOf, prepare } from '../prepare.ts';
import { type Records, recordsOf, storeToRead } from '../results.ts';

/** What would become of a node, in words and for programs. */
interface Prospect {
  readonly node: PlanNode;
  readonly state: 'hit' | 'running' | 'to continue' | 'to run';
  readonly says: string;
  /** What the hit took when it was computed. */
  readonly seconds?: number;
}

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
  const looked = prepared.value.map(({ plan }) => {
    const records = recordsOf(store.value, plan);
    return { plan, prospects: plan.nodes.map((node) => prospectOf(node, records, store.value)) };
  });
  if (args.has('json')) {
    const plans = looked.map(({ plan, prospects }) => ({
      ...plan,
      nodes: prospects.map(({ node, ...prospect }) => ({ ...node, ...prospect })),
    }));
    print(`${JSON.stringify({ schema: 'retort-plans/1', plans }, null, 2)}\n`);
  } else print(looked.map(({ plan, prospects }) => page(plan, prospects)).join('\n'));
  return EXIT.done;
}

function prospectOf(node: PlanNode, records: Records, store: Store | undefined): Prospect {
  const record = records.get(node.key);
  if (record)
    return {
      node,
      state: 'hit',
      says: ['hit', figures(record.metrics)].filter(Boolean).join(': '),
      seconds: record.seconds,
    };
  const holder = store && leaseHolder(store, node.key);
  if (holder)
    return { node, state: 'running', says: `running in process ${holder.pid} on ${holder.host}, run ${holder.run}` };
  const checkpoint = store && newestCheckpoint(store, node.key);
  if (checkpoint) return { node, state: 'to continue', says: `to continue after step ${checkpoint.step}` };
  return { node, state: 'to run', says: 'to run' };
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
