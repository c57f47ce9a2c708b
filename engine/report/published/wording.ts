/** Published figures in tables for people: in the column only where the setting is the paper's, else below, with why. */
import type { ResultTable, TableRow } from '../table.ts';
import { figure, isShare } from '../wording.ts';
import type { Published } from './beside.ts';

export function publishedHeader(metric: string): string {
  return isShare(metric) ? 'published %' : 'published';
}

export function publishedCell({ published }: TableRow, show: (value: number) => string): string {
  if (!published) return '-';
  return published.differences.length === 0 ? spread(published, show) : 'other setting';
}

export function publishedNotes({ rows, metric }: ResultTable): string[] {
  const show = isShare(metric) ? (value: number) => (100 * value).toFixed(2) : figure;
  return rows.flatMap((row) => {
    const { published } = row;
    if (!published) return [];
    const { differences, paper, table, unverified, replicates } = published;
    const name = Object.entries(row.axes)
      .map(([axis, label]) => `${axis}=${label}`)
      .join(', ');
    const of = `${name || row.stage}: published ${spread(published, show)} (${paper}; ${table}${replicates ? `; n ${replicates.sets} x ${replicates.evaluations}` : ''}${unverified ? '; not checked against the paper' : ''})`;
    return [
      differences.length === 0
        ? `${of}, in this setting.`
        : `${of}, in another setting, so not to be compared: ${differences.join('; ')}.`,
    ];
  });
}

function spread({ value, std }: Published, show: (value: number) => string): string {
  return std === undefined ? show(value) : `${show(value)} ± ${show(std)}`;
}
