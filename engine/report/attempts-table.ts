/** The ledger of a run as a table, an attempt a line, in every format; CSV has all columns as plain numbers. */
import { formatSize } from '../../base/units.ts';
import { type TextColumn, textBlock } from './columns-of-text.ts';
import { csvLines, markdownLines } from './delimited.ts';
import type { LedgerRow } from './ledger.ts';
import type { TableFormat } from './table-format-names.ts';
import { duration } from './wording.ts';

export interface RunLedger {
  readonly run: string;
  readonly attempts: readonly LedgerRow[];
}

/** In the order of the CSV file. */
const FIELDS = [
  ...(['node', 'attempt', 'at', 'end', 'failure', 'fromStep', 'toStep', 'savedStep', 'waitedSeconds'] as const),
  ...(['wallSeconds', 'cpuSeconds', 'usefulSeconds', 'repeatedSeconds', 'wastedSeconds', 'gpus', 'device'] as const),
  ...(['peakMemory', 'bytesRead', 'bytesWritten'] as const),
];

export function formatLedger({ run, attempts }: RunLedger, format: Exclude<TableFormat, 'json'>): string {
  if (format === 'csv')
    return csvLines([['run', ...FIELDS], ...attempts.map((row) => [run, ...FIELDS.map((field) => row[field])])]);
  const columns = columnsOf(attempts);
  return `${[run, '', ...(format === 'md' ? markdownLines(columns) : textBlock(columns)), '', ...NOTES].join('\n')}\n`;
}

const NOTES = [
  'steps: from, to, and where a later attempt goes on from; waited: for room; useful: seconds of steps that were kept;',
  'repeated: lost, and done again; wasted: lost, or of a node that failed or was pruned.',
];

function columnsOf(rows: readonly LedgerRow[]): TextColumn[] {
  const time = (header: string, of: (row: LedgerRow) => number | undefined): TextColumn => ({
    header,
    cells: rows.map((row) => unlessUnknown(of(row), (seconds) => (seconds === 0 ? '' : duration(seconds)))),
    right: true,
  });
  const size = (header: string, of: (row: LedgerRow) => number | undefined): TextColumn => ({
    header,
    cells: rows.map((row) => unlessUnknown(of(row), formatSize)),
    right: true,
  });
  return [
    { header: 'node', cells: rows.map(({ node, attempt }) => (attempt > 1 ? `${node}, attempt ${attempt}` : node)) },
    { header: 'end', cells: rows.map(({ end, failure }) => [end, failure].filter(Boolean).join(' ')) },
    { header: 'steps', cells: rows.map((row) => `${row.fromStep} to ${row.toStep}, ${row.savedStep} kept`) },
    time('waited', (row) => row.waitedSeconds),
    time('took', (row) => row.wallSeconds),
    time('CPU', (row) => row.cpuSeconds),
    time('useful', (row) => row.usefulSeconds),
    time('repeated', (row) => row.repeatedSeconds),
    time('wasted', (row) => row.wastedSeconds),
    { header: 'GPUs', cells: rows.map(({ gpus }) => unlessUnknown(gpus, String)), right: true },
    { header: 'on', cells: rows.map(({ device }) => device ?? '-') },
    size('memory', (row) => row.peakMemory),
    size('read', (row) => row.bytesRead),
    size('written', (row) => row.bytesWritten),
  ];
}

/** Runs of earlier versions do not say. */
function unlessUnknown(value: number | undefined, words: (value: number) => string): string {
  return value === undefined ? '-' : words(value);
}
