/** How a step sees its images: a coarse start, then one view for the whole batch, drawn from the seed and the step. */
import { type View, viewOf } from '../../nn/augment/view.ts';
import { pool } from '../../nn/layers.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { resizeBilinear } from '../../tensor/ops/index.ts';
import type { RandomStream } from '../../tensor/random/stream.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { viewDraw } from './draws.ts';

export interface ViewChanges {
  readonly crop: boolean;
  readonly padding: number;
  readonly flip: boolean;
  readonly jitter: number;
  /** Rolls either way, or only down and right. */
  readonly bothWays: boolean;
}

/** `coarse`: what is seen has half the resolution. */
export function seen(images: Expr, changes: ViewChanges, coarse: boolean): Expr {
  const [, , height = 0, width = 0] = images.shape;
  const source = coarse ? resizeBilinear(pool(images, 'average'), [height, width]) : images;
  return viewOf(source, viewInputs(changes));
}

function viewInputs({ crop, padding, flip, jitter }: ViewChanges): View {
  const one = (name: string) => input(name, [1]);
  return {
    ...(crop && { crop: { top: one('top'), left: one('left'), height: one('tall'), width: one('wide') } }),
    ...(padding > 0 && { shift: { rows: one('shiftDown'), columns: one('shiftAcross') } }),
    ...(flip && { mirrored: one('mirrored') }),
    ...(jitter > 0 && { roll: { rows: one('down'), columns: one('across') } }),
  };
}

export interface ViewStreams {
  readonly view: RandomStream;
  readonly shift: RandomStream;
}

/** Programs are fed exactly what they declare. */
export function viewTensors(
  streams: ViewStreams,
  step: number,
  minimumArea: number,
  { crop, padding, flip, jitter, bothWays, height, width }: ViewChanges & { height: number; width: number },
): Record<string, Tensor> {
  const drawn = viewDraw(streams.view, step, minimumArea, { height, width, jitter, bothWays });
  const { top, left, tall, wide, mirrored, down, across } = drawn;
  const shifts = padding > 0 ? [...streams.shift.uniform(step, 2)] : [];
  const [shiftDown, shiftAcross] = shifts.map((u) =>
    floats(Float32Array.of(Math.floor(u * (2 * padding + 1)) - padding), [1]),
  );
  return {
    ...(crop && { top, left, tall, wide }),
    ...(shiftDown && shiftAcross && { shiftDown, shiftAcross }),
    ...(flip && { mirrored }),
    ...(jitter > 0 && { down, across }),
  };
}
