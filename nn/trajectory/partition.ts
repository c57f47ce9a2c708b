/**
 * A step's forward program and its adjoint share work: the adjoint computes the step again. Values on the way can be kept
 * instead, as further results of the one and inputs of the other. There are two choices: results of products only
 * (convolutions, matrices), from which what is elementwise follows quickly, or everything that the adjoint reads of the
 * forward pass. Which one spares more depends on how many steps the allowance covers.
 */
import { optimise } from '../../tensor/compile/optimise.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';
import { substituted } from './substitute.ts';
import type { Named } from './training-step.ts';

export interface Partition {
  /** Names of the kept values: results of the forward program, inputs of the adjoint. */
  readonly kept: readonly string[];
  /** Of the kept values of one step. */
  readonly bytes: number;
  /** What one step's adjoint is spared, in passes over a value of a million elements. */
  readonly saved: number;
  readonly forward: Named<Expr>;
  readonly adjoint: Named<Expr>;
}

/** Both choices, the smaller first; `isCotangent` tells the inputs that are not there in the forward pass. */
export function partitions(
  forward: Named<Expr>,
  adjoint: Named<Expr>,
  isCotangent: (name: string) => boolean,
): readonly Partition[] {
  const tagged = (prefix: string, values: Named<Expr>) =>
    Object.entries(values).map(([name, value]) => [`${prefix} ${name}`, value]);
  // Made one graph first, so that what both compute is one node.
  const joint = optimise(Object.fromEntries([...tagged('forward', forward), ...tagged('adjoint', adjoint)]));
  const own = (prefix: string, names: Named<Expr>) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, joint[`${prefix} ${name}`] as Expr]));
  const [ahead, back] = [own('forward', forward), own('adjoint', adjoint)];
  const later = dependents(Object.values(back), isCotangent);
  const cost = costOf(Object.values(back));
  return [isProduct, () => true].map((isWorth) => {
    const kept = frontier(Object.values(back), later, isWorth);
    const inputs = kept.map(({ shape, dtype }, index) => input(`kept.${index}`, shape, dtype));
    const values = new Map(kept.map((node, index) => [node, inputs[index] as Expr]));
    const names = Object.keys(back);
    const replaced = substituted(Object.values(back), values);
    return {
      kept: kept.map((_, index) => `kept.${index}`),
      bytes: kept.reduce((sum, { shape }) => sum + BYTES * sizeOf(shape), 0),
      saved: cost - costOf(replaced),
      forward: { ...ahead, ...Object.fromEntries(kept.map((node, index) => [`kept.${index}`, node])) },
      adjoint: Object.fromEntries(names.map((name, index) => [name, replaced[index] as Expr])),
    };
  });
}

/** The partition that spares most for as many of `steps` steps as `allowance` bytes cover; none if it covers none. */
export function bestPartition(choices: readonly Partition[], steps: number, allowance: number): Partition | undefined {
  const spared = ({ bytes, saved }: Partition) =>
    saved * Math.min(steps, bytes === 0 ? 0 : Math.floor(allowance / bytes));
  const [best] = [...choices].sort((a, b) => spared(b) - spared(a));
  return best && spared(best) > 0 ? best : undefined;
}

const BYTES = 4;
const PRODUCTS = new Set(['conv2d', 'conv2dInputGrad', 'conv2dFilterGrad', 'matmul', 'gridSample']);
/** What costs nothing, or is there anyway. */
const FREE = new Set(['input', 'constant', 'reshape', 'broadcastTo']);

function isProduct({ op }: Expr): boolean {
  return PRODUCTS.has(op);
}

/** Nodes that a cotangent reaches. */
function dependents(roots: readonly Expr[], isCotangent: (name: string) => boolean): ReadonlySet<Expr> {
  const later = new Set<Expr>();
  for (const node of inTopologicalOrder(roots)) {
    const isOne = node.op === 'input' && isCotangent(String(node.attrs.name));
    if (isOne || node.inputs.some((from) => later.has(from))) later.add(node);
  }
  return later;
}

/** The last nodes of the forward pass on the way to `roots` that are worth keeping. */
function frontier(roots: readonly Expr[], later: ReadonlySet<Expr>, isWorth: (node: Expr) => boolean): readonly Expr[] {
  const kept = new Set<Expr>();
  const seen = new Set<Expr>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!later.has(node) && !FREE.has(node.op) && node.dtype === 'float' && isWorth(node)) kept.add(node);
    else stack.push(...node.inputs);
  }
  return [...kept];
}

/** Multiplications of a product count as so many elements of a pass. */
const MULTIPLICATIONS_A_PASS = 64;

function costOf(roots: readonly Expr[]): number {
  let elements = 0;
  for (const node of inTopologicalOrder(roots)) {
    if (FREE.has(node.op)) continue;
    elements += sizeOf(node.shape) + (isProduct(node) ? multiplications(node) / MULTIPLICATIONS_A_PASS : 0);
  }
  return elements / 1e6;
}

function multiplications({ op, inputs, shape }: Expr): number {
  const [a, b] = inputs.map((from) => from.shape);
  if (!a || !b) return 0;
  if (op === 'matmul') return Math.sqrt(sizeOf(a) * sizeOf(b) * sizeOf(shape));
  if (op === 'conv2d') return sizeOf(shape) * sizeOf(b.slice(1));
  if (op === 'conv2dInputGrad') return sizeOf(a) * sizeOf(b.slice(1));
  if (op === 'conv2dFilterGrad') return sizeOf(b) * sizeOf(shape.slice(1));
  return 0;
}
