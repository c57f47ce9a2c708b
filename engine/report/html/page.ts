/**
 * Result tables, figures and pictures as one page that asks for nothing from outside: no script, no font, no link. All text
 * is escaped here.
 */
import type { ResultTable, TableRow } from '../table.ts';
import { formatTable } from '../table-formats.ts';
import type { Figure } from './chart.ts';
import { escaped } from './escape.ts';

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:auto;padding:1rem}
pre{overflow-x:auto;font-size:.85rem}figure{display:inline-block;margin:.5rem}svg,img{max-width:100%;height:auto}
summary{cursor:pointer;font-weight:600}details{margin:.5rem 0}@media print{pre{white-space:pre-wrap}}`;

export interface Picture {
  readonly title: string;
  readonly png: Uint8Array;
}

/** What can be opened: a heading and text as it stands. */
export interface Detail {
  readonly title: string;
  readonly text: string;
}

export interface Section {
  readonly table: ResultTable;
  readonly figures?: readonly Figure[];
  readonly pictures: readonly Picture[];
  readonly details?: readonly Detail[];
}

export function reportPage(sections: readonly Section[]): string {
  const title = escaped(sections.map(({ table: { experiment } }) => experiment.name).join(', '));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title><style>${STYLE}</style></head><body><h1>${title}</h1>
${sections.map(section).join('\n')}
</body></html>
`;
}

function section({ table, figures = [], pictures, details = [] }: Section): string {
  const drawn = figures.map(({ svg }) => `<figure>${svg}</figure>`).join('\n');
  return `<section><pre>${escaped(formatTable(table, 'table'))}</pre>${intervals(table)}${drawn}
${pictures.length > 0 ? `<details open><summary>All pictures</summary>${pictures.map(figure).join('')}</details>` : ''}
${details.map(({ title, text }) => `<details><summary>${escaped(title)}</summary><pre>${escaped(text)}</pre></details>`).join('\n')}</section>`;
}

function figure({ title, png }: Picture): string {
  const name = escaped(title);
  return `<figure><img alt="${name}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}"><figcaption>${name}</figcaption></figure>`;
}

/** Means with their intervals, a line for each cell; a cell without a mean says its state instead. */
function intervals({ rows, metric }: ResultTable): string {
  const ends = rows.flatMap(({ summary }) =>
    summary ? [summary.mean, summary.interval?.low ?? summary.mean, summary.interval?.high ?? summary.mean] : [],
  );
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const x = (value: number) => (high > low ? 320 + (360 * (value - low)) / (high - low) : 500).toFixed(1);
  const lines = rows.map((row, index) => line(row, 20 + 24 * index, x));
  return `<svg role="img" aria-label="${escaped(metric)} of each cell" viewBox="0 0 700 ${16 + 24 * rows.length}" fill="currentColor" stroke="currentColor" font-size="12">${lines.join('')}</svg>`;
}

function line({ axes, stage, state, summary }: TableRow, y: number, x: (value: number) => string): string {
  const name = Object.values(axes).join(', ') || stage;
  const label = `<text stroke="none" y="${y + 4}">${escaped(summary ? name : `${name}: ${state}`)}</text>`;
  if (!summary) return label;
  const { mean, interval } = summary;
  const bar = interval ? `<line x1="${x(interval.low)}" x2="${x(interval.high)}" y1="${y}" y2="${y}"/>` : '';
  return `${label}${bar}<circle cx="${x(mean)}" cy="${y}" r="4"/>`;
}
