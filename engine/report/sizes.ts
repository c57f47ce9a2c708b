/** Sizes for people: `912 B`, `4.1 KiB`, `2.7 GiB`. */
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = '';
  for (const larger of UNITS) {
    if (value < 1023.95) break;
    value /= 1024;
    unit = larger;
  }
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
