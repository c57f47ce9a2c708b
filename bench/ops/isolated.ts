/**
 * Each operation's time on its own, for engines without a profiler that can be reached: the operation between inputs that
 * are filled inside the program (so that nothing is folded and nothing is handed over) and a sum. What the filling and the
 * sum take is measured the same way and taken off; passes that an engine fuses in the whole step are counted apart here.
 */
import type { Backend } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { optimise } from '../../tensor/compile/optimise.ts';
import { type Expr, input, makeExpr } from '../../tensor/expr.ts';
import { broadcastTo, cast, reshape, sum } from '../../tensor/ops/index.ts';
import { type Shape, scalar, sizeOf } from '../../tensor/tensor.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';
import { timed } from '../benchmark.ts';
import { bytesOf, convolutionFlops, productFlops } from './cost.ts';
import type { OpTime } from './table.ts';
import type { Step } from './works.ts';

export async function isolatedOps(backend: Backend, { outputs }: Step, runs: number): Promise<OpTime[]> {
  const groups = new Map<string, Expr[]>();
  for (const expr of inTopologicalOrder(Object.values(optimise(outputs)))) {
    if (['input', 'constant', 'reshape'].includes(expr.op)) continue;
    const what = describe(expr);
    groups.set(what, [...(groups.get(what) ?? []), expr]);
  }
  const fills = new Map<string, Promise<number>>();
  const found: OpTime[] = [];
  for (const [what, exprs] of groups) {
    const [expr] = exprs as [Expr, ...Expr[]];
    const ms = await isolated(backend, expr, runs, fills);
    const ins = expr.inputs.map(({ shape }) => shape);
    const count = exprs.length;
    found.push({
      what,
      count,
      ms: ms * count,
      flops: flopsOf(expr) * count,
      bytes: bytesOf([...ins, expr.shape]) * count,
    });
  }
  return found;
}

function describe({ op, inputs, attrs }: Expr): string {
  const { strides } = attrs;
  const stride = Array.isArray(strides) && strides.some((step) => step !== 1) ? ` /${strides[0]}` : '';
  return `${op}${stride} ${inputs.map(({ shape }) => `[${shape.join(',')}]`).join(' ')}`;
}

async function isolated(
  backend: Backend,
  expr: Expr,
  runs: number,
  fills: Map<string, Promise<number>>,
): Promise<number> {
  const { op, attrs, shape, dtype } = expr;
  const inputs = expr.inputs.map((from) => (from.op === 'constant' ? from : filled(from.shape, from.dtype)));
  const whole = await time(backend, makeExpr({ op, inputs, attrs, shape, dtype }), runs);
  const filling = async (of: Expr) => {
    const key = `${of.dtype} ${of.shape}`;
    const known = fills.get(key) ?? time(backend, filled(of.shape, of.dtype), runs);
    fills.set(key, known);
    return known;
  };
  // Filling and summing take alike, so the operation's own result costs half of what filling and summing it does.
  let others = (await filling(expr)) / 2;
  for (const from of expr.inputs) if (from.op !== 'constant') others += (await filling(from)) / 2;
  return Math.max(0, whole - others);
}

async function time(backend: Backend, value: Expr, runs: number): Promise<number> {
  const program = await compile(backend, { y: sum(value.dtype === 'float' ? value : cast(value, 'float')) });
  const feeds = { fill: scalar(0.5) };
  await timed(1, () => program.run(feeds));
  const times = await timed(runs, () => program.run(feeds));
  program.dispose();
  // Other work on the machine only adds.
  return Math.min(...times);
}

function filled(shape: Shape, dtype: Expr['dtype']): Expr {
  const flat = broadcastTo(reshape(input('fill', []), [1]), [sizeOf(shape)]);
  return cast(reshape(flat, shape), dtype);
}

function flopsOf({ op, inputs, shape }: Expr): number {
  const [first = [], second = []] = inputs.map((from) => from.shape);
  if (op === 'conv2d') return convolutionFlops(sizeOf(shape), second);
  if (op === 'conv2dInputGrad') return convolutionFlops(sizeOf(first), second);
  if (op === 'conv2dFilterGrad') return convolutionFlops(sizeOf(second), shape);
  return op === 'matmul' ? productFlops(first, shape) : 0;
}
