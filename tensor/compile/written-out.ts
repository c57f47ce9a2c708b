/**
 * Normalisation over axes that do not lie side by side, batch norm's over images and pixels, in operations of its own:
 *
 *   r = 1/√(mean((x - mean(x))²) + eps),  y = (x - mean(x))·r
 *
 * Backends have a kernel for rows that lie side by side only, for which the images would be transposed and transposed back.
 * Written out, x - mean(x) alone is made of all this, since r goes into the layer's scale and into the adjoint's factors.
 * That comes last: gathering would take x - mean(x) apart, whose sums lose digits where the mean is large.
 */
import type { Expr } from '../expr.ts';
import { axesAttr, numberAttr } from '../ops/attrs.ts';
import { add, mean, mul, rsqrt, square, sub } from '../ops/index.ts';
import { withOrigin } from '../ops/table.ts';
import { renamed, rewritten } from '../rewritten.ts';

export function writtenOut(outputs: Readonly<Record<string, Expr>>): Record<string, Expr> {
  const made = rewritten(Object.values(outputs), (node) =>
    isScattered(node) ? withOrigin(node.origin, () => inOperations(node)) : node,
  );
  return renamed(outputs, made);
}

/** Whether it normalises over axes of which not all are the last ones. */
function isScattered({ op, attrs, inputs: [x] }: Expr): boolean {
  if ((op !== 'normalize' && op !== 'inverseDeviation') || !x) return false;
  const axes = axesAttr(attrs, x.shape);
  return axes.some((axis) => axis < x.shape.length - axes.length);
}

function inOperations({ op, attrs, inputs: [x] }: Expr): Expr {
  if (!x) throw new Error('Internal error: expected an operand to normalise');
  const rows = { axes: axesAttr(attrs, x.shape), keepDims: true };
  const centred = sub(x, mean(x, rows));
  const scale = rsqrt(add(mean(square(centred), rows), numberAttr(attrs, 'eps')));
  return op === 'normalize' ? mul(centred, scale) : scale;
}
