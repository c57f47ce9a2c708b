/**
 * Normalisation over axes that do not lie side by side, batch norm's over images and pixels, in operations of its own:
 *
 *   r = 1/√(mean((x - mean(x))²) + eps),  y = (x - mean(x))·r
 *
 * Backends have a kernel for rows that lie side by side only, for which the images would be transposed and transposed back.
 * Written out, x - mean(x) alone is made of all this, since r goes into the layer's scale and into the adjoint's factors.
 * That comes last: gathering would take x - mean(x) apart, whose sums lose digits where the mean is large.
 */
import { type Expr, makeExpr } from '../expr.ts';
import { axesAttr, numberAttr } from '../ops/attrs.ts';
import { add, mean, mul, rsqrt, square, sub } from '../ops/index.ts';
import { withOrigin } from '../ops/table.ts';
import { inTopologicalOrder } from '../topological.ts';

/** The same graph where there is nothing to write out. */
export function writtenOut(outputs: Readonly<Record<string, Expr>>): Readonly<Record<string, Expr>> {
  const order = inTopologicalOrder(Object.values(outputs));
  if (!order.some(isScattered)) return outputs;
  const values = new Map<Expr, Expr>();
  for (const expr of order) {
    const inputs = expr.inputs.map((from) => values.get(from) as Expr);
    values.set(
      expr,
      isScattered(expr) ? withOrigin(expr.origin, () => inOperations(expr, inputs)) : over(expr, inputs),
    );
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, expr]) => [name, values.get(expr) as Expr]));
}

/** Whether it normalises over axes of which not all are the last ones. */
function isScattered({ op, attrs, inputs: [x] }: Expr): boolean {
  if ((op !== 'normalize' && op !== 'inverseDeviation') || !x) return false;
  const axes = axesAttr(attrs, x.shape);
  return axes.some((axis) => axis < x.shape.length - axes.length);
}

function inOperations({ op, attrs }: Expr, [x]: readonly Expr[]): Expr {
  if (!x) throw new Error('Internal error: expected an operand to normalise');
  const rows = { axes: axesAttr(attrs, x.shape), keepDims: true };
  const centred = sub(x, mean(x, rows));
  const scale = rsqrt(add(mean(square(centred), rows), numberAttr(attrs, 'eps')));
  return op === 'normalize' ? mul(centred, scale) : scale;
}

function over(expr: Expr, inputs: readonly Expr[]): Expr {
  if (inputs.every((from, index) => from === expr.inputs[index])) return expr;
  const { op, attrs, shape, dtype, origin } = expr;
  return makeExpr({ op, inputs, attrs, shape, dtype, ...(origin === undefined ? {} : { origin }) });
}
