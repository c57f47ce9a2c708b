/**
 * That a node was given up, beside its checkpoints: `checkpoints/<key>/pruned.json`. It holds for the experiment and the
 * rule that wrote it; it goes with the checkpoints when the node is finished after all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json } from '../../base/json.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import type { PruneRule } from '../plan/prune-rule.ts';
import { checkpointFolder } from './checkpoints.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { writeDurably } from './durable.ts';
import { keyPath, readRecord } from './keys.ts';
import type { Store } from './store.ts';

export interface PruneMark {
  readonly schema: 'retort-pruned/1';
  readonly experiment: string;
  readonly rule: PruneRule;
  readonly run: string;
  readonly step: number;
  readonly value: number;
  readonly threshold: number;
}

function markPath(store: Store, key: string): string {
  return join(checkpointFolder(store, key), 'pruned.json');
}

export function markPruned(store: Store, key: string, mark: PruneMark): void {
  writeDurably(markPath(store, key), `${JSON.stringify(mark, null, 1)}\n`, { tmp: store.tmp, as: 'pruned' });
}

function readMark(store: Store, key: string): PruneMark | undefined {
  const path = markPath(store, key);
  try {
    const mark = JSON.parse(onDisk(path, () => readFileSync(path, 'utf8'))) as PruneMark | null;
    return mark?.schema === 'retort-pruned/1' ? mark : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Cells whose end was given up by the plan's own rule and is not there. */
export function prunedCells(store: Store, plan: Plan): Set<string> {
  const cells = new Set<string>();
  const { prune } = plan;
  if (!prune) return cells;
  const rule = canonicalJson(prune as unknown as Json);
  for (const { key, chain, uses } of plan.nodes) {
    if (!chain) continue;
    const mark = readMark(store, key);
    if (mark?.experiment !== plan.experiment.name || canonicalJson(mark.rule as unknown as Json) !== rule) continue;
    if (!readRecord(keyPath(store, key), key)) for (const { cell } of uses) cells.add(cell);
  }
  return cells;
}

/** Nodes of these cells alone, whether they are there or not. */
export function nodesOfCells(nodes: readonly PlanNode[], cells: ReadonlySet<string>): PlanNode[] {
  return cells.size === 0 ? [] : nodes.filter(({ uses }) => uses.every(({ cell }) => cells.has(cell)));
}

/** Ids of nodes that are given up: what tables mark where a figure lacks. */
export function prunedNodes(store: Store | undefined, plan: Plan): ReadonlySet<string> {
  return new Set(store ? nodesOfCells(plan.nodes, prunedCells(store, plan)).map(({ id }) => id) : []);
}
