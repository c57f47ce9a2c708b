/**
 * The view that decoupled methods look at: a random-resized crop back to full size (bilinear, pixel centres at half
 * numbers, the crop's own border repeated), mirrored or not, then rolled around the edges. All of it moves rows and
 * columns independently, so it is two products with matrices of weights, built in the graph from the draw; the gradient
 * flows through both. Parameters are [1] (one draw for the batch, as recovery has it) or [N] (one an image, as label
 * files have it).
 */
import { constant, type Expr } from '../../tensor/expr.ts';
import { add, clip, div, floor, mul, reshape, sub } from '../../tensor/ops/index.ts';
import { floats } from '../../tensor/tensor.ts';
import { imageExtents } from '../layers.ts';
import { indices } from './cutout.ts';
import { interpolation, resampleColumns, resampleRows } from './resample.ts';

/** In pixels of the image. What is absent is not done. */
export interface View {
  readonly crop?: { readonly top: Expr; readonly left: Expr; readonly height: Expr; readonly width: Expr };
  /** Before all else: element i of the result is element i + shift, 0 outside, as a crop of the padded image. */
  readonly shift?: { readonly rows: Expr; readonly columns: Expr };
  /** 1 mirrors, 0 does not. */
  readonly mirrored?: Expr;
  /** Element i of the result is element i - shift, as np.roll. */
  readonly roll?: { readonly rows: Expr; readonly columns: Expr };
}

export function viewOf(images: Expr, { crop, shift, mirrored, roll }: View): Expr {
  const { height, width } = imageExtents(images);
  let rows = rolled(height, roll?.rows);
  if (crop) rows = croppedFrom(rows, height, crop.top, crop.height);
  if (shift) rows = add(rows, asColumn(shift.rows));
  let columns = rolled(width, roll?.columns);
  if (mirrored) columns = mirroredFrom(columns, width, mirrored);
  if (crop) columns = croppedFrom(columns, width, crop.left, crop.width);
  if (shift) columns = add(columns, asColumn(shift.columns));
  const seen = crop || shift || roll ? resampleRows(images, interpolation(rows)) : images;
  return crop || shift || roll || mirrored ? resampleColumns(seen, interpolation(columns)) : seen;
}

/** Source positions [P, length] of the places of an axis, from the last operation back to the first. */
function rolled(length: number, shift: Expr | undefined): Expr {
  const places = constant(floats(indices(length), [1, length]));
  if (!shift) return places;
  const moved = sub(places, asColumn(shift));
  // The half keeps a quotient that is whole from falling below itself by rounding.
  const turns = floor(mul(add(moved, 0.5), 1 / length));
  return sub(moved, mul(turns, length));
}

/** p + m·(length - 1 - 2p): p or its mirror image. */
function mirroredFrom(places: Expr, length: number, mirrored: Expr): Expr {
  return add(places, mul(asColumn(mirrored), sub(length - 1, mul(places, 2))));
}

/** start + clip((p + ½)·side/length - ½, 0, side - 1) */
function croppedFrom(places: Expr, length: number, start: Expr, side: Expr): Expr {
  const centre = sub(div(mul(add(places, 0.5), asColumn(side)), length), 0.5);
  return add(asColumn(start), clip(centre, 0, sub(asColumn(side), 1)));
}

function asColumn(parameter: Expr): Expr {
  return reshape(parameter, [parameter.shape[0] ?? 1, 1]);
}
