/** DC's augmentation: what is drawn, and operators that leave an image as it is. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats } from '../../tensor/tensor.ts';
import { augmentDc, type DcDraw, drawDcOperators, parseDcStrategy } from './dc.ts';
import { rotatePlane } from './spline.ts';

const images = floats(
  Float32Array.from({ length: 2 * 3 * 8 * 8 }, (_, at) => Math.sin(at)),
  [2, 3, 8, 8],
);

it('draws every operator of a strategy within its bounds, the same at every run', () => {
  const operators = unwrap(parseDcStrategy('crop_scale_rotate'));
  const stream = randomStream({ base: 5 }, 'augmentation');
  const draws = drawDcOperators(operators, stream, 3, { count: 600, values: 192 });
  expect(drawDcOperators(operators, stream, 3, { count: 600, values: 192 })).toEqual(draws);
  const of = <K extends DcDraw['operator']>(operator: K) =>
    draws.filter((draw): draw is Extract<DcDraw, { operator: K }> => draw.operator === operator);
  for (const operator of operators) expect(of(operator).length).toBeGreaterThan(150);
  expect(new Set(of('crop').flatMap(({ row, column }) => [row, column]))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  for (const { degrees } of of('rotate')) {
    expect(Number.isInteger(degrees)).toBe(true);
    expect(degrees).toBeGreaterThanOrEqual(-45);
    expect(degrees).toBeLessThanOrEqual(44);
  }
  for (const { heightFactor, widthFactor } of of('scale')) {
    expect(Math.abs(heightFactor - 1)).toBeLessThanOrEqual(0.2);
    expect(Math.abs(widthFactor - 1)).toBeLessThanOrEqual(0.2);
  }
  expect(parseDcStrategy('crop_flip').ok).toBe(false);
});

it('keeps an image under the neutral draw of each operator', () => {
  const neutral: DcDraw[] = [
    { operator: 'crop', row: 4, column: 4 },
    { operator: 'scale', heightFactor: 1, widthFactor: 1 },
    { operator: 'rotate', degrees: 0 },
    { operator: 'noise', normal: new Float32Array(192) },
  ];
  for (const draw of neutral) {
    const out = augmentDc(images, [draw, draw]);
    for (const [at, value] of out.data.entries()) expect(value).toBeCloseTo(images.data[at] as number, 5);
  }
});

it('turns a quarter without loss', () => {
  const values = Float64Array.from([1, 2, 3, 4, 5, 6]);
  const turned = rotatePlane({ height: 2, width: 3, values }, 90, 0);
  expect([turned.height, turned.width]).toEqual([3, 2]);
  // As scipy.ndimage.rotate([[1, 2, 3], [4, 5, 6]], 90).
  for (const [at, want] of [3, 6, 2, 5, 1, 4].entries()) expect(turned.values[at]).toBeCloseTo(want, 10);
});
