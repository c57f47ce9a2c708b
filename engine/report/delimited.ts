/** Markdown tables and CSV (RFC 4180), from cells. */
import type { TextColumn } from './columns-of-text.ts';

export function markdownLines(columns: readonly TextColumn[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rows = columns[0]?.cells.length ?? 0;
  return [
    line(columns.map(({ header }) => header)),
    line(columns.map(({ right }) => (right ? '--:' : '---'))),
    ...Array.from({ length: rows }, (_, row) => line(columns.map(({ cells }) => cells[row] ?? ''))),
  ];
}

export function csvLines(rows: readonly (readonly (string | number | boolean | undefined)[])[]): string {
  return rows.map((cells) => `${cells.map((cell) => quoted(String(cell ?? ''))).join(',')}\n`).join('');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
