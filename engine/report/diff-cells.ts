/**
 * Which cells of two sides belong together: those with equal labels on every axis that both have, but for axes that each
 * side fixes (its slice) or that one of them does not have at all.
 */
import type { CellPair, Labels } from '../plan/configuration-changes.ts';
import type { Plan } from '../plan/plan.ts';
import type { Figures, Mishaps } from './groups.ts';

/** One of the two: the cells of a plan that the slice leaves, and what is known of them. */
export interface Side extends Mishaps {
  /** As the user named it. */
  readonly name: string;
  readonly plan: Plan;
  readonly figures: Figures;
  readonly slice: Labels;
}

type Cell = Plan['cells'][number];

export interface AlignedCells {
  /** Axes that name the pairs. */
  readonly axes: readonly string[];
  readonly pairs: readonly CellPair[];
  readonly onlyA: readonly Cell[];
  readonly onlyB: readonly Cell[];
}

export function cellsOf({ plan, slice }: Side): Cell[] {
  return plan.cells.filter(({ axes }) => Object.entries(slice).every(([axis, label]) => axes[axis] === label));
}

/** The plan with only the cells of the slice, and the nodes that they use. */
export function slicedPlan(side: Side): Plan {
  const { plan, slice } = side;
  if (Object.keys(slice).length === 0) return plan;
  return planOfCells(plan, new Set(cellsOf(side).map(({ id }) => id)));
}

/** The plan with only these cells, by id, and the nodes that they use. */
export function planOfCells(plan: Plan, kept: ReadonlySet<string>): Plan {
  const nodes = plan.nodes
    .map((node) => ({ ...node, uses: node.uses.filter(({ cell }) => kept.has(cell)) }))
    .filter(({ uses }) => uses.length > 0);
  return { ...plan, cells: plan.cells.filter(({ id }) => kept.has(id)), nodes };
}

export function alignCells(a: Side, b: Side): AlignedCells {
  const axes = alignedAxes(a, b);
  const [ours, theirs] = [byLabels(cellsOf(a), axes), byLabels(cellsOf(b), axes)];
  const pairs: CellPair[] = [];
  const onlyA: Cell[] = [];
  for (const [key, cells] of ours) {
    const [one, other] = [cells, theirs.get(key) ?? []];
    const [first] = one;
    const [second] = other;
    // Of several that share these labels none is the partner.
    if (one.length === 1 && other.length === 1 && first && second) {
      pairs.push({ labels: labelsOf(first, axes), a: first, b: second });
      theirs.delete(key);
    } else onlyA.push(...one);
  }
  return { axes, pairs, onlyA, onlyB: [...theirs.values()].flat() };
}

function alignedAxes(a: Side, b: Side): string[] {
  return Object.keys(a.plan.axes).filter((axis) => axis in b.plan.axes && !(axis in a.slice && axis in b.slice));
}

function byLabels(cells: readonly Cell[], axes: readonly string[]): Map<string, Cell[]> {
  const found = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = JSON.stringify(axes.map((axis) => cell.axes[axis] ?? null));
    const same = found.get(key);
    if (same) same.push(cell);
    else found.set(key, [cell]);
  }
  return found;
}

function labelsOf(cell: Cell, axes: readonly string[]): Labels {
  return Object.fromEntries(axes.flatMap((axis) => (cell.axes[axis] === undefined ? [] : [[axis, cell.axes[axis]]])));
}
