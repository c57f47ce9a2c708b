/** Resizing and region pooling against PyTorch and torchvision; the calls stand beside the numbers. */
import { expect, it } from 'vitest';
import { openReference } from '../backends/reference/backend.ts';
import { constant, type Expr } from '../expr.ts';
import { floats, type Shape, sizeOf } from '../tensor.ts';
import * as op from './index.ts';

async function numbers(expr: Expr): Promise<number[]> {
  const program = await openReference().prepare({ outputs: { value: expr } });
  return Array.from((await program.run({})).value?.data ?? []);
}

/** Within the rounding of the float32 and the printed digits of the other side. */
async function expectValues(expr: Expr, wanted: readonly number[]): Promise<void> {
  const found = await numbers(expr);
  expect(found.length).toBe(wanted.length);
  for (const [index, value] of wanted.entries()) expect(found[index]).toBeCloseTo(value, 5);
}

const valuesOf = (shape: Shape, rule: (index: number) => number) =>
  constant(
    floats(
      Float64Array.from({ length: sizeOf(shape) }, (_, index) => rule(index)),
      shape,
    ),
  );

// x = torch.arange(12.).reshape(1, 1, 3, 4) ** 1.5
const picture = valuesOf([1, 1, 3, 4], (index) => index ** 1.5);

it('resizes bilinearly as PyTorch', async () => {
  // F.interpolate(x, size=(5, 2), mode='bilinear', align_corners=False)
  await expectValues(
    op.resizeBilinear(picture, [5, 2]),
    [0.5, 4.01229, 4.136068, 9.050814, 9.59017, 16.608599, 18.724295, 27.075136, 24.813709, 34.052828],
  );
  // F.interpolate(x, size=(2, 7), mode='bilinear', align_corners=False, antialias=True)
  await expectValues(
    op.resizeBilinear(picture, [2, 7], { antialias: true }),
    [
      3.0, 3.649153, 4.687797, 6.048373, 7.487232, 9.152132, 10.192693, 17.142135, 18.544098, 20.787235, 23.171608,
      25.594967, 28.15, 29.746893,
    ],
  );
});

it('resizes to the nearest as PyTorch', async () => {
  // F.interpolate(x, size=(2, 3), mode='nearest')
  await expectValues(op.resizeNearest(picture, [2, 3]), [0, 1, 2.828427, 8, 11.18034, 14.696939]);
  expect(await numbers(op.resizeNearest(picture, [3, 8]))).toEqual(
    await numbers(op.resizeNearest(op.resizeNearest(picture, [3, 4]), [3, 8])),
  );
});

// x = (torch.arange(40.).reshape(2, 1, 4, 5) * 0.7).sin(); the second box leaves its map
const maps = valuesOf([2, 1, 4, 5], (index) => Math.sin(index * 0.7));
const boxes = constant(floats(Float64Array.of(0.3, -0.6, 3.1, 2.2, 1.2, 0.4, 6.5, 3.3), [2, 4]));

it('pools regions as torchvision', async () => {
  // roi_align(x, [boxes[:1], boxes[1:]], output_size=(1, 1))
  await expectValues(op.roiAlign(maps, boxes, { size: [1, 1] }), [0.202317, 0.092045]);
  // output_size=(2, 3), sampling_ratio=2, spatial_scale=0.9, aligned=True
  await expectValues(
    op.roiAlign(maps, boxes, { size: [2, 3], samplingRatio: 2, spatialScale: 0.9, aligned: true }),
    [
      0.128844, 0.627186, 0.922551, -0.222013, -0.350473, -0.365342, 0.128516, 0.149693, 0.076104, -0.049423, -0.32228,
      -0.34275,
    ],
  );
  // output_size=(2, 1), aligned=True
  await expectValues(
    op.roiAlign(maps, boxes, { size: [2, 1], aligned: true }),
    [0.617802, -0.249096, 0.160263, -0.14003],
  );
});
