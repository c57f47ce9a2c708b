/** The paper's figure beside each row of a table: of the cell whose setting is nearest, with all that is not equal. */
import { nameOfPart, partNamed } from '../../../data/selection.ts';
import type { Plan } from '../../plan/plan.ts';
import type { ResultTable, TableRow } from '../table.ts';
import { differences } from './differences.ts';
import type { PublishedFile } from './schema.ts';
import { settingOf } from './setting.ts';

export interface Published {
  /** In the unit of the table: shares where figures are shares. */
  readonly value: number;
  readonly std?: number;
  readonly method: string;
  readonly paper: string;
  readonly table: string;
  readonly unverified?: true;
  /** Synthetic sets and networks on each that the figure is of. */
  readonly replicates?: { readonly sets: number; readonly evaluations: number };
  /** Only with none of them may the two figures be held against each other. */
  readonly differences: readonly string[];
}

export function besidePublished(table: ResultTable, plan: Plan, file: PublishedFile): ResultTable {
  if (table.metric !== file.metric) return table;
  return {
    ...table,
    rows: table.rows.map((row) => {
      const published = publishedOf(row, plan, file);
      return published ? { ...row, published } : row;
    }),
  };
}

function publishedOf(row: TableRow, plan: Plan, file: PublishedFile): Published | undefined {
  const ours = settingOf(plan, row);
  if (!ours) return undefined;
  // A part of a set is not the paper's data; the constants of normalisation are a choice of its code.
  const { set, selection } = partNamed(plan.data.set);
  const { normalisation: _, ...part } = selection;
  const dataSet = nameOfPart(set, part);
  const found = file.tables
    .filter(({ method }) => method === ours.method)
    .flatMap((table) =>
      table.cells
        .filter(({ data, imagesPerClass }) => data === dataSet && imagesPerClass === ours.imagesPerClass)
        .map((cell) => ({ table, cell, differences: differences(ours, table, cell) })),
    );
  const [nearest] = found.sort((a, b) => a.differences.length - b.differences.length);
  if (!nearest) return undefined;
  const { table, cell } = nearest;
  return {
    value: shareOf(cell.value),
    ...(cell.std !== undefined && { std: shareOf(cell.std) }),
    method: table.method,
    paper: table.paper,
    table: cell.table ?? table.table,
    ...(cell.unverified && { unverified: true as const }),
    ...(table.setting.replicates && { replicates: table.setting.replicates }),
    differences: nearest.differences,
  };
}

/** Without the noise that division leaves in the last digits: 0.283, not 0.28300000000000003. */
function shareOf(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}
