/** ONNX operators that act on each element. */
import { constant, type Expr } from '../../../tensor/expr.ts';
import * as op from '../../../tensor/ops/index.ts';
import { ints } from '../../../tensor/tensor.ts';
import { activate } from '../../activations.ts';
import { type NodeReader, type Translation, untranslatable } from '../node.ts';

const unary =
  (build: (x: Expr) => Expr): Translation =>
  (node) =>
    build(node.x(0));

const binary =
  (build: (a: Expr, b: Expr) => Expr): Translation =>
  (node) =>
    build(node.x(0), node.x(1));

const folded =
  (build: (a: Expr, b: Expr) => Expr): Translation =>
  (node) =>
    node.inputs.map((_, index) => node.x(index)).reduce((total, next) => build(total, next));

function divided(node: NodeReader): Expr {
  return node.x(0).dtype === 'int' ? ofExtents(node, (a, b) => Math.trunc(a / b)) : op.div(node.x(0), node.x(1));
}

/** Whole numbers divide only where both are known: they are extents. */
function ofExtents(node: NodeReader, rule: (a: number, b: number) => number): Expr {
  const [a, b] = [node.x(0), node.x(1)];
  const [over, under] = [node.numbers(0) ?? [], node.numbers(1) ?? []];
  if (under.length !== 1 && over.length !== 1 && under.length !== over.length) untranslatable('its lengths differ');
  const count = Math.max(over.length, under.length);
  const at = (values: readonly number[], index: number) => values[values.length === 1 ? 0 : index] ?? 1;
  const quotients = Array.from({ length: count }, (_, index) => rule(at(over, index), at(under, index) || 1));
  return constant(ints(quotients, over.length >= under.length ? a.shape : b.shape));
}

function clipped(node: NodeReader): Expr {
  const bound = (index: number, name: string) => node.optional(index) ?? node.node.attributes.get(name)?.float;
  const [low, high] = [bound(1, 'min'), bound(2, 'max')];
  const raised = low === undefined ? node.x(0) : op.max(node.x(0), low);
  return high === undefined ? raised : op.min(raised, high);
}

const leaky = (x: Expr, slope: number | Expr) => op.sub(op.relu(x), op.mul(op.relu(op.neg(x)), slope));
const hardSigmoid = (x: Expr, alpha: number, beta: number) => op.clip(op.add(op.mul(x, alpha), beta), 0, 1);
/** log(1 + eˣ), without overflow. */
const softplus = (x: Expr) => op.add(op.relu(x), op.log(op.add(op.exp(op.neg(op.abs(x))), 1)));
const elu = (x: Expr, alpha: number) => op.add(op.relu(x), op.mul(op.sub(op.exp(op.min(x, 0)), 1), alpha));

function gelu(node: NodeReader): Expr {
  const x = node.x(0);
  if (node.string('approximate', 'none') === 'none') return activate(x, 'gelu');
  const inner = op.mul(op.add(x, op.mul(op.mul(op.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return op.mul(op.mul(x, 0.5), op.add(op.tanh(inner), 1));
}

/** `TensorProto.DataType`. */
function castTo(node: NodeReader): Expr {
  const to = node.int('to', 0);
  if ([1, 10, 11, 16].includes(to)) return op.cast(node.x(0), 'float');
  if ([2, 3, 4, 5, 6, 7].includes(to)) return op.cast(node.x(0), 'int');
  return to === 9 ? op.cast(node.x(0), 'bool') : untranslatable(`it casts to the unknown type ${to}`);
}

const same = unary((x) => x);

export const elementwise: Readonly<Record<string, Translation>> = {
  Identity: same,
  Dropout: same,
  Relu: unary(op.relu),
  Sigmoid: unary(op.sigmoid),
  Tanh: unary(op.tanh),
  Erf: unary(op.erf),
  Exp: unary(op.exp),
  Log: unary(op.log),
  Sqrt: unary(op.sqrt),
  Abs: unary(op.abs),
  Neg: unary(op.neg),
  Sign: unary(op.sign),
  Floor: unary(op.floor),
  Ceil: unary((x) => op.neg(op.floor(op.neg(x)))),
  Sin: unary(op.sin),
  Cos: unary(op.cos),
  Reciprocal: unary((x) => op.div(1, x)),
  Not: unary(op.not),
  Softplus: unary(softplus),
  Mish: unary((x) => op.mul(x, op.tanh(softplus(x)))),
  HardSwish: unary((x) => op.mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  HardSigmoid: (node) => hardSigmoid(node.x(0), node.float('alpha', 0.2), node.float('beta', 0.5)),
  LeakyRelu: (node) => leaky(node.x(0), node.float('alpha', 0.01)),
  PRelu: binary(leaky),
  Elu: (node) => elu(node.x(0), node.float('alpha', 1)),
  Selu: (node) =>
    op.mul(elu(node.x(0), node.float('alpha', 1.6732632423543772)), node.float('gamma', 1.0507009873554805)),
  Gelu: gelu,
  Swish: (node) => op.mul(node.x(0), op.sigmoid(op.mul(node.x(0), node.float('alpha', 1)))),
  Clip: clipped,
  Cast: castTo,
  Add: binary(op.add),
  Sub: binary(op.sub),
  Mul: binary(op.mul),
  Div: divided,
  Mod: (node) => ofExtents(node, (a, b) => ((a % b) + b) % b),
  Pow: binary(op.pow),
  Sum: folded(op.add),
  Min: folded(op.min),
  Max: folded(op.max),
  Equal: binary(op.eq),
  Less: binary(op.lt),
  LessOrEqual: binary(op.le),
  Greater: binary(op.gt),
  GreaterOrEqual: binary(op.ge),
  And: binary(op.and),
  Or: binary(op.or),
  Where: (node) => op.select(node.x(0), node.x(1), node.x(2)),
};
