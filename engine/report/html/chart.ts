/**
 * A line chart as one SVG that stands alone: ink is `currentColor`, so that a page gives it for light and dark, and lines
 * have middle tones that are seen on both.
 */
import { escaped } from './escape.ts';

export interface Series {
  readonly name: string;
  /** Rising in the first. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Figure {
  /** Of letters, digits and dashes: a file name. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

const [WIDTH, HEIGHT] = [680, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 12, 30, 36];
const LEGEND_LINE = 18;
const TONES = ['#3b82f6', '#d06a00', '#12954c', '#d6336c', '#8b5cf6', '#0e8f9b'];
/** Where the tones come round again. */
const DASHES = ['', '6 3', '2 3'];
const MOST_SERIES = TONES.length * DASHES.length;

/** `show`: a value of the vertical axis in words. */
export function lineChart(
  name: string,
  title: string,
  axis: string,
  all: readonly Series[],
  show: (value: number) => string = String,
): Figure | undefined {
  const filled = all.filter(({ points }) => points.length > 0);
  const series = filled.slice(0, MOST_SERIES);
  const left = filled.length - series.length;
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return undefined;
  const [x, y] = [scale(points.map(([at]) => at)), scale(points.map(([, value]) => value))];
  const px = (at: number) => (LEFT + (WIDTH - LEFT - RIGHT) * x.share(at)).toFixed(1);
  const py = (value: number) => (HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y.share(value)).toFixed(1);
  const ink = 'fill="currentColor"';
  const grid = y.ticks.map(
    (tick) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(tick)}" y2="${py(tick)}" stroke="currentColor" stroke-opacity=".2"/><text ${ink} x="${LEFT - 6}" y="${Number(py(tick)) + 4}" text-anchor="end">${escaped(show(tick))}</text>`,
  );
  const steps = x.ticks.map(
    (tick) =>
      `<text ${ink} x="${px(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick.toLocaleString('en-US')}</text>`,
  );
  const lines = series.map((one, index) => {
    const stroke = `stroke="${TONES[index % TONES.length]}" stroke-dasharray="${DASHES[Math.floor(index / TONES.length)]}" stroke-width="2" fill="none"`;
    const path = one.points.map(([at, value]) => `${px(at)},${py(value)}`).join(' ');
    const [only] = one.points;
    const mark =
      one.points.length === 1 && only
        ? `<circle cx="${px(only[0])}" cy="${py(only[1])}" r="3" fill="${TONES[index % TONES.length]}"/>`
        : `<polyline class="curve" points="${path}" ${stroke}/>`;
    const below = HEIGHT + LEGEND_LINE * index;
    return `${mark}<line x1="${LEFT}" x2="${LEFT + 24}" y1="${below + 6}" y2="${below + 6}" ${stroke}/><text ${ink} x="${LEFT + 30}" y="${below + 10}">${escaped(one.name)}</text>`;
  });
  const rest =
    left > 0
      ? `<text ${ink} x="${LEFT + 30}" y="${HEIGHT + LEGEND_LINE * series.length + 10}">and ${left} more, not drawn</text>`
      : '';
  const height = HEIGHT + LEGEND_LINE * (series.length + (left > 0 ? 1 : 0));
  return {
    name,
    title,
    svg: `<svg role="img" aria-label="${escaped(title)}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12"><text ${ink} x="${LEFT}" y="16" font-size="14">${escaped(title)}</text>${grid.join('')}${steps.join('')}<text ${ink} x="${WIDTH - RIGHT}" y="${HEIGHT - 4}" text-anchor="end">${escaped(axis)}</text>${lines.join('')}${rest}</svg>`,
  };
}

interface Scale {
  readonly ticks: readonly number[];
  share(value: number): number;
}

/** About four ticks at round numbers. */
function scale(values: readonly number[]): Scale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (high === low) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = power * ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10);
  const first = Math.ceil(low / unit);
  const ticks = Array.from({ length: Math.floor(high / unit) - first + 1 }, (_, index) =>
    Number(((first + index) * unit).toPrecision(12)),
  );
  return { ticks, share: (value) => (value - low) / (high - low) };
}
