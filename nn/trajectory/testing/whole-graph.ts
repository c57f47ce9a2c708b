/** A trajectory as one graph, for comparison: the steps' graphs put one behind the other. Its memory grows with the steps. */
import { constant, type Expr } from '../../../tensor/expr.ts';
import { gather, reshape } from '../../../tensor/ops/index.ts';
import { ints, type Tensor } from '../../../tensor/tensor.ts';
import { substituted } from '../substitute.ts';
import type { Named, TrainingStep } from '../training-step.ts';
import type { StepInputs } from '../unroll.ts';
import type { View } from '../view.ts';

/** The last state, from the start and the learned arrays as expressions; other arrays and feeds enter as constants. */
export function wholeGraph(
  step: TrainingStep,
  start: Named<Expr>,
  learned: Named<Expr>,
  { arrays, steps, views = {} }: { arrays: Named<Tensor>; steps: readonly StepInputs[]; views?: Named<View> },
): Named<Expr> {
  let state = start;
  for (const [index, { rows = {}, feeds = {}, view }] of steps.entries()) {
    const of = (name: string, wanted: Expr): Expr | undefined => {
      const whole = learned[name] ?? (arrays[name] && constant(arrays[name]));
      const picked = rows[name];
      return whole && picked ? reshape(gather(whole, constant(ints(picked))), wanted.shape) : whole;
    };
    const fixed = { ...step.scalars(index), ...feeds };
    const seen = view === undefined ? undefined : views[view];
    const values = (roots: readonly Expr[], more: ReadonlyMap<Expr, Expr>) => {
      const named = (name: string, wanted: Expr) =>
        state[name] ?? of(name, wanted) ?? (fixed[name] && constant(fixed[name]));
      return substitutedInputs(roots, more, named);
    };
    const more = new Map<Expr, Expr>();
    if (seen) {
      const wanted = step.learned[seen.learned] as Expr;
      const batch = of(seen.learned, wanted) as Expr;
      more.set(wanted, values([seen.result], new Map([[seen.source, batch]]))[0] as Expr);
    }
    const next = step.update(step.gradients);
    const results = values(Object.values(next), more);
    state = Object.fromEntries(Object.keys(next).map((name, position) => [name, results[position] as Expr]));
  }
  return state;
}

function substitutedInputs(
  roots: readonly Expr[],
  fixed: ReadonlyMap<Expr, Expr>,
  named: (name: string, wanted: Expr) => Expr | undefined,
): readonly Expr[] {
  const values = new Map(fixed);
  for (const leaf of leaves(roots)) {
    const value = values.get(leaf) ?? named(String(leaf.attrs.name), leaf);
    if (value) values.set(leaf, value);
  }
  return substituted(roots, values);
}

function leaves(roots: readonly Expr[]): readonly Expr[] {
  const seen = new Set<Expr>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return [...seen].filter(({ op }) => op === 'input');
}
