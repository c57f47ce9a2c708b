/** Windows that slide over rows and columns: how many there are, and which pixels they see. */
import type { Attrs } from '../expr.ts';
import type { Shape } from '../tensor.ts';
import { countsAttr, numberAttr } from './attrs.ts';
import { reject } from './definition.ts';

export type Pair = readonly [number, number];

export interface ConvGeometry {
  readonly strides: Pair;
  /** Top, left, bottom, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilations: Pair;
  readonly groups: number;
}

export function pairAttr(attrs: Attrs, name: string, least: number): Pair {
  return countsAttr(attrs, name, 2, least) as Pair;
}

export function convGeometry(attrs: Attrs): ConvGeometry {
  const groups = numberAttr(attrs, 'groups');
  if (!Number.isInteger(groups) || groups < 1) reject(`groups has to be a whole number of at least 1, got ${groups}`);
  return { ...placing(attrs), dilations: pairAttr(attrs, 'dilations', 1), groups };
}

export function poolGeometry(attrs: Attrs): ConvGeometry & { size: Pair } {
  const size = pairAttr(attrs, 'size', 1);
  const geometry = { ...placing(attrs), dilations: [1, 1] as const, groups: 1, size };
  const [top, left, bottom, right] = geometry.padding;
  if (Math.max(top, bottom) >= size[0] || Math.max(left, right) >= size[1]) {
    reject(`padding [${geometry.padding}] has to be smaller than the window [${size}]`);
  }
  return geometry;
}

function placing(attrs: Attrs): Pick<ConvGeometry, 'strides' | 'padding'> {
  return {
    strides: pairAttr(attrs, 'strides', 1),
    padding: countsAttr(attrs, 'padding', 4, 0) as [number, number, number, number],
  };
}

/** Windows down and across an image of `input` rows and columns. */
export function windowCounts(input: Pair, kernel: Pair, { strides, padding, dilations }: ConvGeometry): Pair {
  const along = (axis: 0 | 1) => {
    const room = input[axis] + padding[axis] + padding[axis === 0 ? 2 : 3] - (kernel[axis] - 1) * dilations[axis] - 1;
    if (room < 0) reject(`a window of [${kernel}] does not fit into [${input}] with padding [${padding}]`);
    return Math.floor(room / strides[axis]) + 1;
  };
  return [along(0), along(1)];
}

export function images(shape: Shape): readonly [number, number, number, number] {
  if (shape.length !== 4) reject('it takes four axes, [N, C, H, W]');
  return shape as unknown as readonly [number, number, number, number];
}

/**
 * For one kernel element (ky, kx): every run of windows in one row that see a pixel, as the pixel of the first and how
 * many; pixels of a run lie strides[1] apart.
 */
export function eachRun(
  input: Pair,
  windows: Pair,
  { strides, padding, dilations }: ConvGeometry,
  [ky, kx]: Pair,
  visit: (pixel: number, window: number, count: number) => void,
): void {
  const shiftX = kx * dilations[1] - padding[1];
  const first = Math.max(0, Math.ceil(-shiftX / strides[1]));
  const last = Math.min(windows[1] - 1, Math.floor((input[1] - 1 - shiftX) / strides[1]));
  if (last < first) return;
  for (let row = 0; row < windows[0]; row++) {
    const y = row * strides[0] + ky * dilations[0] - padding[0];
    if (y < 0 || y >= input[0]) continue;
    visit(y * input[1] + first * strides[1] + shiftX, row * windows[1] + first, last - first + 1);
  }
}
