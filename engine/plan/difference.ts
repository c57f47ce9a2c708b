/**
 * What a plan differs in from the frozen plan of an earlier run of the same experiment: cells that are new and cells that
 * are gone, axes, settings. Pure. Cells belong together by equal labels, else by what they compute, so that an axis that
 * was given its old value as one of several takes nothing away, else by the labels of the axes that both plans have.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import { type CellPair, type ConfigurationChange, configurationChanges, type Labels } from './configuration-changes.ts';
import type { Plan } from './plan.ts';

export interface PlanDifference {
  /** Of which the frozen plan is meant. */
  readonly run: string;
  readonly cellsAdded: readonly Labels[];
  readonly cellsGone: readonly Labels[];
  readonly axesAdded: readonly string[];
  readonly axesGone: readonly string[];
  /** `from` what it was in that run. */
  readonly changes: readonly ConfigurationChange[];
  /** Nodes of no equal key in the other plan; 0 where the data have not been seen, as keys then mean nothing. */
  readonly nodesAdded: number;
  readonly nodesGone: number;
}

export type Cell = Plan['cells'][number];

/**
 * Undefined where nothing differs that decides what is computed. `unseen`: keys and data of `now` are not known. `untracked`:
 * settings, as `stage.parameter`, that are another value each time, so that keys below them differ for no reason of the file's.
 */
export function planDifference(
  run: string,
  was: Plan,
  now: Plan,
  {
    unseen = false,
    untracked = new Set(),
  }: { readonly unseen?: boolean; readonly untracked?: ReadonlySet<string> } = {},
): PlanDifference | undefined {
  const { pairs, onlyWas, onlyNow } = pairCells(was, now);
  const changes = configurationChanges(was, now, pairs).filter(
    ({ path }) => !untracked.has(path) && !(unseen && path.startsWith('files of ')),
  );
  const missing = (names: Plan['axes'], others: Plan['axes']) => Object.keys(names).filter((axis) => !(axis in others));
  const difference: PlanDifference = {
    run,
    cellsAdded: onlyNow.map(({ axes }) => axes),
    cellsGone: onlyWas.map(({ axes }) => axes),
    axesAdded: missing(now.axes, was.axes),
    axesGone: missing(was.axes, now.axes),
    changes: withoutConsequences(changes),
    nodesAdded: unseen ? 0 : lacking(now, was),
    nodesGone: unseen ? 0 : lacking(was, now),
  };
  const { run: _, nodesAdded, nodesGone, ...lists } = difference;
  const others = untracked.size > 0 ? 0 : nodesAdded + nodesGone;
  return others > 0 || Object.values(lists).some(({ length }) => length > 0) ? difference : undefined;
}

/** Another kind of stage has other parameters, and a stage that is new or gone has all of its own. */
function withoutConsequences(changes: readonly ConfigurationChange[]): ConfigurationChange[] {
  const where = ({ cells }: ConfigurationChange) => canonicalJson(cells ?? null);
  const kinds = new Set(changes.filter(({ path }) => /^[^.]+\.stage$/.test(path)).map((c) => `${c.path} ${where(c)}`));
  return changes.filter((change) => {
    const [stage] = change.path.split('.');
    return change.path === `${stage}.stage` || !kinds.has(`${stage}.stage ${where(change)}`);
  });
}

function lacking({ nodes }: Plan, other: Plan): number {
  const keys = new Set(other.nodes.map(({ key }) => key));
  return nodes.filter(({ key }) => !keys.has(key)).length;
}

export interface PairedCells {
  readonly pairs: readonly CellPair[];
  readonly onlyWas: readonly Cell[];
  readonly onlyNow: readonly Cell[];
}

export function pairCells(was: Plan, now: Plan): PairedCells {
  const shared = Object.keys(was.axes).filter((axis) => axis in now.axes);
  const [ours, theirs] = [computationsOf(was), computationsOf(now)];
  const pairs: CellPair[] = [];
  let [onlyWas, onlyNow] = [was.cells, now.cells];
  const pairBy = (nameWas: (cell: Cell) => string | undefined, nameNow: (cell: Cell) => string | undefined) => {
    const [before, after] = [uniquely(onlyWas, nameWas), uniquely(onlyNow, nameNow)];
    const found = [...before].flatMap(([name, a]): CellPair[] => {
      const b = after.get(name);
      return b ? [{ labels: b.axes, a, b }] : [];
    });
    pairs.push(...found);
    const [left, right] = [new Set(found.map(({ a }) => a)), new Set(found.map(({ b }) => b))];
    onlyWas = onlyWas.filter((cell) => !left.has(cell));
    onlyNow = onlyNow.filter((cell) => !right.has(cell));
  };
  const labels = ({ axes }: Cell) => canonicalJson(axes);
  pairBy(labels, labels);
  pairBy(
    ({ id }) => ours.get(id),
    ({ id }) => theirs.get(id),
  );
  const both = ({ axes }: Cell) => canonicalJson(shared.map((axis) => axes[axis] ?? null));
  // With the same axes other labels are other cells.
  if (shared.length < Object.keys(was.axes).length || shared.length < Object.keys(now.axes).length) pairBy(both, both);
  return { pairs, onlyWas, onlyNow };
}

/** Cells by name; of several of one name none. */
function uniquely(cells: readonly Cell[], nameOf: (cell: Cell) => string | undefined): Map<string, Cell> {
  const named = new Map<string, Cell | undefined>();
  for (const cell of cells) {
    const name = nameOf(cell);
    if (name !== undefined) named.set(name, named.has(name) ? undefined : cell);
  }
  return new Map([...named].flatMap(([name, cell]) => (cell ? [[name, cell] as const] : [])));
}

/** Cell → the keys of its stages at the first replicate: whether there are more of them is another question. */
function computationsOf({ nodes }: Plan): ReadonlyMap<string, string> {
  const cells = new Map<string, string[]>();
  for (const { key, uses } of nodes)
    for (const { cell, set = 1, evaluation = 1, at, shard } of uses) {
      if (set > 1 || evaluation > 1 || at !== undefined || shard) continue;
      const keys = cells.get(cell);
      if (keys) keys.push(key);
      else cells.set(cell, [key]);
    }
  return new Map([...cells].map(([cell, keys]) => [cell, keys.sort().join()]));
}
