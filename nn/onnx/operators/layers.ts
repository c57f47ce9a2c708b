/** ONNX operators that are layers: convolutions, linear maps, normalisations. */
import type { Expr } from '../../../tensor/expr.ts';
import * as op from '../../../tensor/ops/index.ts';
import type { Shape } from '../../../tensor/tensor.ts';
import { type NodeReader, placeOf, type Translation, untranslatable } from '../node.ts';
import { paddingOf, pairOf, requireImages } from './windows.ts';

function convolution(node: NodeReader): Expr {
  const [x, w] = [requireImages(node.x(0)), node.x(1)];
  if (w.shape.length !== 4) untranslatable(`its filters have the shape [${w.shape}]; only those of images are known`);
  const [strides, dilations] = [pairOf(node.ints('strides'), 1), pairOf(node.ints('dilations'), 1)];
  const reach = w.shape.slice(2).map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
  const padding = paddingOf(node, x.shape, reach, strides);
  const y = op.conv2d(x, w, { strides, dilations, padding, groups: node.int('group', 1) });
  node.notes.layers.push({ name: node.node.name || `conv${node.notes.layers.length}`, input: x });
  const bias = node.optional(2);
  return bias ? op.add(y, perChannel(bias, y.shape)) : y;
}

/** [C] → [1, C, 1, …] beside `shape`. */
function perChannel(values: Expr, shape: Shape): Expr {
  return op.reshape(
    values,
    shape.map((_, axis) => (axis === 1 ? (values.shape[0] ?? 0) : 1)),
  );
}

/** Always with the running statistics: the network is frozen. */
function batchNormalization(node: NodeReader): Expr {
  const x = node.x(0);
  const [scale, bias, mean, variance] = [node.x(1), node.x(2), node.x(3), node.x(4)];
  const epsilon = node.float('epsilon', 1e-5);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const norm = {
    name: normName(node),
    input: x,
    statistics: { mean: op.mean(x, { axes }), variance: op.variance(x, { axes }) },
    running: { mean, variance },
    epsilon,
  };
  node.notes.norms.push(norm);
  node.notes.layers.push({ name: norm.name, input: x, norm });
  const factor = op.mul(scale, op.rsqrt(op.add(variance, epsilon)));
  const shift = op.sub(bias, op.mul(mean, factor));
  return op.add(op.mul(x, perChannel(factor, x.shape)), perChannel(shift, x.shape));
}

/** `layer1.0.bn1` of `layer1.0.bn1.running_mean`, as PyTorch names it; else the node's own name. */
function normName({ node, inputs, notes }: NodeReader): string {
  const mean = inputs[3]?.name ?? '';
  const suffix = '.running_mean';
  if (mean.endsWith(suffix)) return mean.slice(0, -suffix.length);
  return node.name || `norm${notes.norms.length}`;
}

function layerNormalization(node: NodeReader): Expr {
  const x = node.x(0);
  const first = placeOf(node.int('axis', -1), x.shape.length);
  const axes = x.shape.map((_, axis) => axis).slice(first);
  const normal = op.mul(op.normalize(x, { axes, eps: node.float('epsilon', 1e-5) }), node.x(1));
  const bias = node.optional(2);
  return bias ? op.add(normal, bias) : normal;
}

function instanceNormalization(node: NodeReader): Expr {
  const x = node.x(0);
  const axes = x.shape.map((_, axis) => axis).slice(2);
  const normal = op.normalize(x, { axes, eps: node.float('epsilon', 1e-5) });
  return op.add(op.mul(normal, perChannel(node.x(1), x.shape)), perChannel(node.x(2), x.shape));
}

function groupNormalization(node: NodeReader): Expr {
  const x = node.x(0);
  const [count = 0, channels = 0] = x.shape;
  const groups = node.int('num_groups', 1);
  const grouped = op.reshape(x, [count, groups, -1]);
  const normal = op.reshape(op.normalize(grouped, { axes: [2], eps: node.float('epsilon', 1e-5) }), x.shape);
  // Until opset 21 the affine map was one a group.
  const spread = (values: Expr) => {
    const size = values.shape[0] ?? 0;
    const all = size === channels ? values : op.broadcastTo(op.reshape(values, [size, 1]), [size, channels / size]);
    return perChannel(op.reshape(all, [channels]), x.shape);
  };
  return op.add(op.mul(normal, spread(node.x(1))), spread(node.x(2)));
}

function gemm(node: NodeReader): Expr {
  const [transA, transB] = [node.int('transA', 0) === 1, node.int('transB', 0) === 1];
  if (!transA) node.notes.embedding = node.x(0);
  const product = op.matmul(node.x(0), node.x(1), { transA, transB });
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)];
  const scaled = alpha === 1 ? product : op.mul(product, alpha);
  const bias = node.optional(2);
  return bias ? op.add(scaled, beta === 1 ? bias : op.mul(bias, beta)) : scaled;
}

function matMul(node: NodeReader): Expr {
  const [a, b] = [node.x(0), node.x(1)];
  if (a.shape.length < 2 || b.shape.length < 2) untranslatable('products with vectors are not known');
  if (a.shape.length === 2 && node.inputs[1]?.known) node.notes.embedding = a;
  return op.matmul(a, b);
}

export const layers: Readonly<Record<string, Translation>> = {
  Conv: convolution,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  Gemm: gemm,
  MatMul: matMul,
};
