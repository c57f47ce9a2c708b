/** Rows of text in columns. Widths count code points: labels and figures are the only content. */

export interface TextColumn {
  readonly header: string;
  readonly cells: readonly string[];
  /** Figures stand right, words left. */
  readonly right?: boolean;
}

const GAP = '  ';

export function textBlock(columns: readonly TextColumn[]): string[] {
  const widths = columns.map(widthOf);
  const rows = columns[0]?.cells.length ?? 0;
  const line = (pick: (column: TextColumn) => string) =>
    columns
      .map((column, index) => padded(pick(column), widths[index] ?? 0, column.right ?? false))
      .join(GAP)
      .trimEnd();
  return [
    line((column) => column.header),
    ...Array.from({ length: rows }, (_, row) => line((column) => column.cells[row] ?? '')),
  ];
}

export function blockWidth(columns: readonly TextColumn[]): number {
  return columns.reduce((sum, column) => sum + widthOf(column) + GAP.length, -GAP.length);
}

function widthOf({ header, cells }: TextColumn): number {
  return Math.max(...[header, ...cells].map((text) => [...text].length));
}

function padded(text: string, width: number, right: boolean): string {
  const pad = ' '.repeat(Math.max(0, width - [...text].length));
  return right ? pad + text : text + pad;
}

/** Words of a paragraph in lines of at most `width`. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}
