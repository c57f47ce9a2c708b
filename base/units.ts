/**
 * Sizes and durations as people write them in experiments and on the command line: `4GiB`, `90m`, `1h 30m`. A bare number
 * is neither: nobody could tell its unit. The patterns stand in JSON Schemas, so that an editor says the same.
 */
export const SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)? ?(B|[kKMGT]i?B)$';
export const DURATION_PATTERN = '^[0-9]+(\\.[0-9]+)? ?(s|min|m|h|d)( ?[0-9]+(\\.[0-9]+)? ?(s|min|m|h|d))*$';

const PREFIXES = ['', 'K', 'M', 'G', 'T'];
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Bytes; `GiB` counts in 1024, `GB` in 1000. Undefined where it is no size. */
export function parseSize(text: string): number | undefined {
  if (!new RegExp(SIZE_PATTERN).test(text)) return undefined;
  const [, amount = '', prefix = '', binary] = /^([0-9.]+) ?([kKMGT]?)(i?)B$/.exec(text) ?? [];
  return Math.round(Number(amount) * (binary ? 1024 : 1000) ** PREFIXES.indexOf(prefix.toUpperCase()));
}

/** Seconds. Undefined where it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  const parts = text.matchAll(/([0-9.]+) ?(min|[smhd])/g);
  return [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (SECONDS[unit] ?? 0), 0);
}

/** `512 MiB`, `1.5 GiB`. */
export function formatSize(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < PREFIXES.length - 1) [size, unit] = [size / 1024, unit + 1];
  if (unit === 0) return `${bytes} B`;
  return `${Number(size.toPrecision(size >= 100 ? 4 : 3))} ${PREFIXES[unit]}iB`;
}

/** As it is written in an experiment: `90s`, `1h 30m`. */
export function formatDuration(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    const whole = Math.floor(rest / size);
    if (whole > 0) parts.push(`${whole}${unit}`);
    rest -= whole * size;
  }
  if (rest > 0 || parts.length === 0) parts.push(`${Number(rest.toPrecision(3))}s`);
  return parts.join(' ');
}
