/**
 * Pruning in a run: evaluations of snapshots go to the judge as they arrive; every decision is an event with its evidence;
 * a cell that is given up has its nodes stopped, with their checkpoints kept, and marked in the store, so that the same
 * command leaves them and `--no-prune` takes them up again.
 *
 * The baseline of the comparison is compared with, and never given up itself.
 */
import { stepAt } from '../plan/chain.ts';
import type { NodeUse, Plan, PlanNode } from '../plan/plan.ts';
import type { PruneRule } from '../plan/prune-rule.ts';
import { markPruned, nodesOfCells, prunedCells } from '../store/prune-marks.ts';
import type { DrivenRun } from '../store/runs.ts';
import type { Journal } from './journal.ts';
import { Judge, type PruneDecision } from './prune.ts';

type Metrics = Readonly<Record<string, number>>;

export class Pruning {
  readonly #run: DrivenRun;
  readonly #rule: PruneRule;
  readonly #journal: Journal;
  readonly #judge: Judge;
  readonly #cells: ReadonlySet<string>;
  readonly #pruned: Set<string>;
  readonly #prunedNodes: Set<string>;
  readonly #done = new Set<string>();
  /** Cell → nodes that are not there yet. */
  readonly #missing = new Map<string, number>();
  readonly #steps: ReadonlyMap<string, number>;
  /** Cell → the stages that evaluate in it. */
  readonly #stages = new Map<string, Set<string>>();
  #stop: (node: string) => void = () => {};

  constructor(run: DrivenRun, rule: PruneRule, journal: Journal) {
    const { plan, store } = run;
    this.#run = run;
    this.#rule = rule;
    this.#journal = journal;
    this.#judge = new Judge(rule);
    this.#pruned = prunedCells(store, plan);
    this.#prunedNodes = new Set(nodesOfCells(plan.nodes, this.#pruned).map(({ id }) => id));
    this.#steps = stepsOfEvaluated(plan);
    this.#cells = new Set(plan.cells.filter((cell) => !isBaseline(cell, plan)).map(({ id }) => id));
    for (const node of plan.nodes) {
      for (const cell of cellsOf(node)) this.#count(cell, 1);
      if (!node.outputs.includes('metrics')) continue;
      for (const { cell, stage } of node.uses)
        this.#stages.set(cell, (this.#stages.get(cell) ?? new Set<string>()).add(stage));
    }
  }

  /** `stop`: ends a node that runs or waits. */
  onPrune(stop: (node: string) => void): void {
    this.#stop = stop;
  }

  isPruned(node: string): boolean {
    return this.#prunedNodes.has(node) && !this.#done.has(node);
  }

  /** Whether somebody waits for what evaluations of this snapshot say before more is spent. */
  judgesAt({ uses }: PlanNode): boolean {
    return uses.some(
      (use) =>
        this.#cells.has(use.cell) &&
        !this.#pruned.has(use.cell) &&
        [...(this.#stages.get(use.cell) ?? [])].some((stage) => this.#judgedAt({ ...use, stage }).length > 0),
    );
  }

  /** A result of the plan is there. */
  arrived(node: PlanNode, metrics: Metrics): void {
    if (this.#done.has(node.id)) return;
    this.#done.add(node.id);
    for (const cell of cellsOf(node)) this.#count(cell, -1);
    const value = metrics[this.#rule.metric];
    if (value === undefined || !node.outputs.includes('metrics')) return;
    for (const use of node.uses)
      for (const step of this.#judgedAt(use)) {
        const arrival = { cell: use.cell, cohort: this.#cohort(use, step), value };
        const isOver = (cell: string) =>
          this.#pruned.has(cell) || !this.#cells.has(cell) || this.#missing.get(cell) === 0;
        for (const decision of this.#judge.arrived(arrival, isOver)) this.#decided(decision, node, use);
      }
  }

  #decided(decision: PruneDecision, node: PlanNode, { stage, at = 0 }: NodeUse): void {
    const { verdict, cell, value, threshold, standings } = decision;
    const { rule, metric } = this.#rule;
    const cohort = standings.map((standing) => ({ ...standing, axes: axesOf(standing.cell, this.#run.plan) }));
    const axes = axesOf(cell, this.#run.plan);
    this.#journal.emit({
      ...{ type: 'prune-decision', node: node.id, cell, axes, stage, step: at },
      ...{ rule, metric, verdict, value, threshold, cohort },
    });
    if (verdict === 'prune') this.#prune(decision, at);
  }

  #prune({ cell, value, threshold }: PruneDecision, step: number): void {
    const { run } = this;
    this.#pruned.add(cell);
    const mark = { schema: 'retort-pruned/1', experiment: run.plan.experiment.name, rule: this.#rule } as const;
    for (const node of nodesOfCells(run.plan.nodes, this.#pruned)) {
      if (this.#done.has(node.id) || this.#prunedNodes.has(node.id)) continue;
      this.#prunedNodes.add(node.id);
      if (node.chain) markPruned(run.store, node.key, { ...mark, run: run.id, step, value, threshold });
      this.#stop(node.id);
    }
  }

  get run(): DrivenRun {
    return this.#run;
  }

  #count(cell: string, by: number): void {
    this.#missing.set(cell, (this.#missing.get(cell) ?? 0) + by);
  }

  /** As the rule names the steps at which this use is judged; none for an end. */
  #judgedAt(use: NodeUse): number[] {
    if (use.at === undefined) return [];
    const steps = this.#steps.get(placeOf(use));
    const { at = [use.at] } = this.#rule;
    return steps === undefined ? [] : at.filter((wanted) => stepAt(wanted, steps) === use.at);
  }

  #cohort({ cell, stage }: NodeUse, step: number): string {
    const axes = axesOf(cell, this.#run.plan);
    return JSON.stringify([stage, step, ...this.#rule.within.map((axis) => axes[axis] ?? null)]);
  }
}

function cellsOf({ uses }: PlanNode): Set<string> {
  return new Set(uses.map(({ cell }) => cell));
}

function axesOf(id: string, plan: Plan): Readonly<Record<string, string>> {
  return plan.cells.find((cell) => cell.id === id)?.axes ?? {};
}

function isBaseline({ axes }: Plan['cells'][number], { baseline = {} }: Plan): boolean {
  const named = Object.entries(baseline);
  return named.length > 0 && named.every(([axis, label]) => axes[axis] === label);
}

function placeOf({ cell, stage }: NodeUse): string {
  return JSON.stringify([cell, stage]);
}

/** Cell and evaluating stage → steps of what it evaluates, which fractions are of. */
function stepsOfEvaluated(plan: Plan): Map<string, number> {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const steps = new Map<string, number>();
  for (const node of plan.nodes)
    for (const use of node.uses) {
      if (use.at !== undefined || !node.outputs.includes('metrics')) continue;
      const read = Object.values(node.inputs).map((id) => byId.get(id)?.chain?.at ?? 0);
      if (read.length > 0) steps.set(placeOf(use), Math.max(...read));
    }
  return steps;
}
