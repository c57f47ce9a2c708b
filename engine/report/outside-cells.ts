/**
 * Cells that an experiment had in other runs and that the grid shown has no more: their results stay, are marked, and are
 * never averaged or tested with the others. Each is a row of its own below the table, with what else is not as there.
 */
import type { Plan } from '../plan/plan.ts';
import type { Figures } from './groups.ts';
import { type ResultTable, resultTable, type TableRow } from './table.ts';

/** What one other run has beside the grid. */
export interface OutsideCells {
  readonly run: string;
  /** Of these cells alone. */
  readonly plan: Plan;
  readonly figures: Figures;
}

/** The table with those that have a figure: as rows, or only counted. `plan`: of the table. */
export function withOutsideCells(
  table: ResultTable,
  plan: Plan,
  others: readonly OutsideCells[],
  shown: boolean,
): ResultTable {
  const rows = others.flatMap((other) => rowsOf(other, plan, table.metric));
  if (rows.length === 0) return table;
  const cells = new Map(rows.map(({ axes, notInGrid }) => [JSON.stringify(axes), { axes, run: notInGrid.run }]));
  return {
    ...table,
    outside: { shown, cells: [...cells.values()] },
    ...(shown && {
      axes: [...new Set([...table.axes, ...rows.flatMap(({ axes }) => Object.keys(axes))])],
      rows: [...table.rows, ...rows],
    }),
  };
}

function rowsOf({ run, plan, figures }: OutsideCells, shown: Plan, metric: string) {
  // Without its baseline: what is compared is the grid shown.
  const { baseline: _, ...alone } = plan;
  const notInGrid = { run, differs: differencesOf(plan, shown) };
  return resultTable(alone, figures, { metric })
    .rows.filter(({ summary }) => summary !== undefined)
    .map((row): TableRow & { notInGrid: typeof notInGrid } => ({ ...row, notInGrid }));
}

/** Figures of unlike things must not be read as if they were alike. */
function differencesOf(was: Plan, shown: Plan): string[] {
  const [select, other] = [was.select ?? 'last', shown.select ?? 'last'];
  return [
    ...(was.data.set !== shown.data.set ? [`data ${was.data.set}`] : []),
    ...(was.data.set === shown.data.set && was.data.digest !== shown.data.digest ? ['other files of the data'] : []),
    ...(was.backend !== shown.backend ? [`backend ${was.backend}`] : []),
    ...(select !== other ? [`select ${select}`] : []),
  ];
}
