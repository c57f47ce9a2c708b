/** Cells of other runs of an experiment, by its name, that a grid has no more; from frozen plans and key files alone. */
import type { Labels } from '../plan/configuration-changes.ts';
import { pairCells } from '../plan/difference.ts';
import type { Plan } from '../plan/plan.ts';
import { planOfCells } from '../report/diff-cells.ts';
import type { OutsideCells } from '../report/outside-cells.ts';
import { readPlanOutline } from '../store/plan-text.ts';
import { allRuns, openRun, planPath, readRunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { newestRunOf } from './earlier-plan.ts';
import { type Records, recordsOf } from './results.ts';

/** Of a cell that several runs have, the newest counts. `slice`: only cells with these labels. */
export function cellsOutside(
  store: Store | undefined,
  plan: Plan,
  slice: Readonly<Record<string, string>> = {},
): OutsideCells[] {
  if (!store) return [];
  const seen = new Set(plan.cells.map(labelsOf));
  const digests = new Set<string>();
  return allRuns(store)
    .reverse()
    .flatMap((id) => {
      const record = readRunRecord(store, id);
      if (record?.name !== plan.experiment.name || digests.has(record.planDigest)) return [];
      digests.add(record.planDigest);
      const outline = readPlanOutline(planPath(store, id))?.plan;
      const isNew = (cell: Plan['cells'][number]) => !seen.has(labelsOf(cell)) && isIn(cell, slice);
      // The whole plan takes its time, and most runs have nothing that is new.
      if (outline && !outline.cells.some(isNew)) return [];
      const run = openRun(store, id);
      if (!run.ok) return [];
      const cells = pairCells(run.value.plan, plan).onlyWas.filter(isNew);
      if (cells.length === 0) return [];
      const own = planOfCells(run.value.plan, new Set(cells.map((cell) => cell.id)));
      const records = recordsOf(store, own);
      const found = cells.filter(hasResults(own, records));
      for (const cell of found) seen.add(labelsOf(cell));
      const those = planOfCells(own, new Set(found.map((cell) => cell.id)));
      return [{ run: id, plan: those, figures: ({ key }) => records.get(key)?.metrics }];
    });
}

/** Of what has not come to an end there, an older run may have results. */
function hasResults({ nodes }: Plan, records: Records): (cell: Plan['cells'][number]) => boolean {
  const read = new Set(nodes.flatMap(({ inputs }) => Object.values(inputs)));
  const last = nodes.filter(({ id, key }) => !read.has(id) && Object.keys(records.get(key)?.metrics ?? {}).length > 0);
  const cells = new Set(last.flatMap(({ uses }) => uses.map(({ cell }) => cell)));
  return ({ id }) => cells.has(id);
}

/** Labels of cells of a run's grid that the newest run of its experiment has no more; undefined where there are none. */
export function goneSince(
  store: Store,
  id: string,
  { cells, experiment }: Pick<Plan, 'cells' | 'experiment'>,
): { readonly run: string; readonly cells: readonly Labels[] } | undefined {
  const newest = newestRunOf(store, experiment.name);
  if (!newest || newest.id === id) return undefined;
  const now = readPlanOutline(planPath(store, newest.id))?.plan.cells;
  const kept = new Set(now?.map(labelsOf));
  const gone = now ? cells.filter((cell) => !kept.has(labelsOf(cell))) : [];
  return gone.length > 0 ? { run: newest.id, cells: gone.map(({ axes }) => axes) } : undefined;
}

function labelsOf({ axes }: Plan['cells'][number]): string {
  return JSON.stringify(Object.entries(axes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isIn({ axes }: Plan['cells'][number], slice: Readonly<Record<string, string>>): boolean {
  return Object.entries(slice).every(([axis, label]) => axes[axis] === label);
}
