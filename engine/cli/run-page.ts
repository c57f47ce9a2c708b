/** `show RUN`: from what was frozen when it started, and how it ended. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ResolvedExperiment } from '../plan/experiment.ts';
import type { Plan } from '../plan/plan.ts';
import { cellWords } from '../report/difference-words.ts';
import type { LedgerTotals } from '../report/ledger.ts';
import { ledgerWords } from '../report/ledger-words.ts';
import { count, duration } from '../report/wording.ts';
import { type PlanOutline, readPlanOutline } from '../store/plan-text.ts';
import { planPath, type RunFolder } from '../store/runs.ts';
import { goneSince } from './outside-cells.ts';
import { standingOfRun } from './run-standing.ts';
import { type RunSummary, summaryOfRun } from './run-summaries.ts';

/** As the run froze it; undefined where it cannot be read. */
export function frozenExperiment({ folder }: RunFolder): ResolvedExperiment | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'config.resolved.json'), 'utf8')) as ResolvedExperiment;
  } catch {
    return undefined;
  }
}

export function runJson(run: RunFolder): object {
  const { nodes, ...plan } = run.plan;
  const summary = summaryOfRun(run.store, run.id);
  const experiment = frozenExperiment(run);
  const gone = goneSince(run.store, run.id, run.plan);
  return {
    schema: 'retort-show/1',
    kind: 'run',
    ...summary,
    folder: run.folder,
    plan: { ...plan, nodes: nodes.map(({ id, key, manifest: { stage } }) => ({ id, key, stage })) },
    overrides: experiment?.overrides ?? [],
    notes: experiment?.notes,
    tags: experiment?.tags,
    source: experiment?.source,
    ledger: ledgerIn(run, summary),
    ...(gone && { notInCurrentGrid: gone }),
  };
}

export function runPage(run: RunFolder): string {
  const { id, store } = run;
  const { plan, stages } = readPlanOutline(planPath(store, id)) ?? outlineOf(run.plan);
  const summary = summaryOfRun(store, id);
  const experiment = frozenExperiment(run);
  const { sets, evaluations } = plan.replicates;
  const gone = goneSince(store, id, plan);
  const took = summary?.seconds === undefined ? '' : `, took ${duration(summary.seconds)}`;
  const facts: [string, string | undefined][] = [
    ['state', summary?.driver ? `running in process ${summary.driver.pid} on ${summary.driver.host}` : summary?.state],
    ['started', summary && `${summary.startedAt.slice(0, 19).replace('T', ' ')} UTC on ${summary.host}${took}`],
    ['experiment', `${plan.experiment.name} (${plan.experiment.file})`],
    ['overrides', experiment?.overrides?.join(' ')],
    ['notes', experiment?.notes],
    ['tags', experiment?.tags?.join(', ')],
    ['data', plan.data.description],
    ['numerics', numericsWords(plan.numerics)],
    ['grid', `${count(plan.cells.length, 'cell')} x ${count(sets, 'set')} x ${count(evaluations, 'evaluation')}`],
    ['', gone && `${count(gone.cells.length, 'cell')} not in current grid (run ${gone.run}): ${cellWords(gone.cells)}`],
    ...Object.entries(plan.axes).map(([axis, labels]): [string, string] => [`  ${axis}`, labels.join(', ')]),
    ['nodes', [...stages].map(([stage, nodes]) => `${nodes} ${stage}`).join(', ')],
    ['ledger', ledgerWords(ledgerIn(run, summary))],
    ['folder', shortest(run.folder)],
  ];
  const next = [
    `retort compare ${id}     the table`,
    `retort diff ${id} ${plan.experiment.file}     what has changed since`,
  ];
  return `${[id, ...factLines(facts), '', ...next].join('\n')}\n`;
}

function outlineOf(plan: Plan): PlanOutline {
  const stages = new Map<string, number>();
  for (const { manifest } of plan.nodes) stages.set(manifest.stage, (stages.get(manifest.stage) ?? 0) + 1);
  return { plan, stages };
}

function ledgerIn({ store, id }: RunFolder, summary: RunSummary | undefined): LedgerTotals {
  return standingOfRun(store, id, { driven: summary?.driver !== undefined }).ledger;
}

/** `backend onnxruntime, version 1.30.0`. */
export function numericsWords(numerics: Readonly<Record<string, string | number>>): string {
  return Object.entries(numerics)
    .map(([part, value]) => `${part} ${value}`)
    .join(', ');
}

/** Those that are known, in two columns. */
export function factLines(facts: readonly (readonly [string, string | undefined])[]): string[] {
  const known = facts.filter(([, value]) => value);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

export function shortest(path: string): string {
  const fromHere = relative('.', path);
  return fromHere.startsWith('..') ? path : fromHere;
}
