/**
 * Scores at every place of an image (ReLabel: Yun et al., CVPR 2021). Where a classifier averages its last maps over the whole
 * image and one linear layer reads the average, that layer is a 1 x 1 convolution of the maps, and the logits are the mean of
 * its scores over all places:
 *
 *   logits = W · mean(maps) + b = mean(W · maps + b)
 *
 * A network is looked at as an expression, so that foreign ones end as ours do.
 */
import { fail, ok, type Result } from '../base/result.ts';
import type { Expr } from '../tensor/expr.ts';
import { add, matmul, mul, reshape, transpose } from '../tensor/ops/index.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { inTopologicalOrder } from '../tensor/topological.ts';
import type { Network } from './network.ts';

/** A linear layer that reads an average over the whole image. */
export interface PooledHead {
  /** [N, features, h, w]: what is averaged. */
  readonly maps: Expr;
  /** [classes, features] */
  readonly weight: Expr;
  /** [classes] */
  readonly bias?: Expr;
}

/** [N, classes, h, w] */
export function scoreMaps({ maps, weight, bias }: PooledHead): Expr {
  const [count = 0, features = 0, tall = 0, wide = 0] = maps.shape;
  const classes = weight.shape[0] ?? 0;
  const product = matmul(reshape(weight, [1, classes, features]), reshape(maps, [count, features, tall * wide]));
  const scores = bias ? add(product, reshape(bias, [1, classes, 1])) : product;
  return reshape(scores, [count, classes, tall, wide]);
}

/** The end of a network that gave `logits` [N, classes] of `images`; a failure says in half a sentence what it has instead. */
export function pooledHead(logits: Expr, images: Expr): Result<PooledHead> {
  const seen = new Set([images]);
  for (const expr of inTopologicalOrder([logits])) if (expr.inputs.some((from) => seen.has(from))) seen.add(expr);
  const sees = (expr: Expr) => seen.has(expr);
  const linear = linearLayer(logits, sees);
  if ('op' in linear) return lacking(`its logits come out of \`${linear.op}\`, not out of a linear layer`);
  const average = averaged(linear.features, sees);
  if ('op' in average)
    return lacking(
      `its last linear layer reads what \`${average.op}\` gives, [${average.shape}], and no average over the whole image`,
    );
  const { features: _, weight, ...rest } = linear;
  return ok({ ...rest, maps: average.maps, weight: average.factors.reduce<Expr>(mul, weight) });
}

function lacking(reason: string): Result<never> {
  return fail('NETWORK_WITHOUT_MAPS', reason);
}

interface Linear extends Pick<PooledHead, 'weight' | 'bias'> {
  /** [N, features] */
  readonly features: Expr;
}

/** Or the expression that stands where one was looked for. `sees`: whether an expression depends on the images. */
function linearLayer(logits: Expr, sees: (expr: Expr) => boolean): Linear | Expr {
  const [count = 0, classes = 0] = logits.shape;
  let bias: Expr | undefined;
  /** What stands behind the layer, from the last to the first; `known` is the same for all images. */
  for (let expr = logits; ; ) {
    const [x, known] = expr.inputs;
    if (!x || !sees(x)) return expr;
    if (expr.op === 'reshape' && x.shape[0] === count) expr = x;
    else if (!known || sees(known)) return expr;
    else if (expr.op === 'add' && !bias && sizeOf(known.shape) === classes) {
      bias = reshape(known, [classes]);
      expr = x;
    } else {
      const weight = weightOf(expr, x, known);
      return weight ? { features: x, weight, ...(bias && { bias }) } : expr;
    }
  }
}

/** [classes, features] of a matrix product, or of a 1 x 1 convolution of one place. */
function weightOf({ op, attrs }: Expr, x: Expr, known: Expr): Expr | undefined {
  if (op === 'matmul' && x.shape.length === 2 && known.shape.length === 2 && attrs.transA === false)
    return attrs.transB === true ? known : transpose(known);
  const [classes = 0, features = 0, ...kernel] = known.shape;
  const isOnePlace = [...kernel, ...x.shape.slice(2)].every((extent) => extent === 1);
  return op === 'conv2d' && attrs.groups === 1 && isOnePlace ? reshape(known, [classes, features]) : undefined;
}

/** The mean over the places of `maps`, times `factors`, is what is read. Or the expression that is no average. */
function averaged(
  features: Expr,
  sees: (expr: Expr) => boolean,
): { readonly maps: Expr; readonly factors: readonly (Expr | number)[] } | Expr {
  let factor = 1;
  const factors: Expr[] = [];
  for (let expr = features; ; ) {
    const [x, known] = expr.inputs;
    const maps = x && pooledMaps(expr, x);
    if (x && maps) {
      if (expr.op === 'sum') factor *= sizeOf(x.shape.slice(2));
      // 1 / n times n is not always 1.
      return { maps, factors: Math.abs(factor - 1) < 1e-6 ? factors : [factor, ...factors] };
    }
    if (x && expr.op === 'reshape' && x.shape[0] === expr.shape[0]) expr = x;
    else if (x && expr.op === 'mul' && known && !sees(known) && sizeOf(known.shape) === 1) {
      // A file may keep a number as it keeps weights: then it is known when the program runs.
      if (known.value) factor *= known.value.data[0] ?? 1;
      else factors.push(reshape(known, []));
      expr = x;
    } else return expr;
  }
}

/** The maps [N, features, h, w] that `expr` sums or averages over all places; undefined where it does neither. */
function pooledMaps({ op, attrs }: Expr, x: Expr): Expr | undefined {
  const { shape } = x;
  if (op === 'avgPool')
    return `${attrs.size}` === `${shape.slice(2)}` && `${attrs.padding}` === '0,0,0,0' ? x : undefined;
  if (op !== 'sum') return undefined;
  if (shape.length === 4) return `${attrs.axes}` === '2,3' ? x : undefined;
  // Places in one row.
  const [from] = x.inputs;
  const isRow = shape.length === 3 && `${attrs.axes}` === '2' && x.op === 'reshape';
  return isRow && from?.shape.length === 4 && `${from.shape.slice(0, 2)}` === `${shape.slice(0, 2)}` ? from : undefined;
}

/** Of a network of ours, whose parameters are `values`. */
export function networkHead(
  network: Network,
  images: Expr,
  values: Readonly<Record<string, Expr>>,
): Result<PooledHead> {
  const { logits, maps } = network.apply(images, values, 'eval');
  const [weight, bias] = [values['classifier.weight'], values['classifier.bias']];
  return maps && weight && bias ? ok({ maps, weight, bias }) : pooledHead(logits, images);
}
