/**
 * The adjoint of one training step: from cotangents λ′ of the state's successors, those of the state and of what is learned.
 *
 *   u = (∂U/∂g)ᵀ λ′          through the update U(state, g, rate)
 *   λ = (∂U/∂state)ᵀ λ′ + (∂g/∂state)ᵀ u,   and likewise for what is learned
 *
 * Where u is s·v with one number s (SGD: u = -rate·λ′), the second product is taken of v and scaled at its end, so that
 * ⟨v, g⟩, which the derivative in the rate wants, finds its factors there already (`contract.ts`) and g is never computed.
 */
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { vjp } from '../../tensor/gradient.ts';
import { add, mul } from '../../tensor/ops/index.ts';
import { contracted } from './contract.ts';
import { withRootsOfZero } from './roots.ts';
import { substituted } from './substitute.ts';
import type { Named, TrainingStep } from './training-step.ts';

export interface Adjoint {
  /** By name of the state; absent where nothing flows. */
  readonly state: Named<Expr>;
  readonly learned: Named<Expr>;
}

/** The input that holds the cotangent of a state's successor. */
export function cotangentInput(name: string, { shape }: Expr): Expr {
  return input(`cotangent.${name}`, shape);
}

/** `alone`: what is learned, only. */
export function adjointOf(step: TrainingStep, { alone = false }: { alone?: boolean } = {}): Adjoint {
  const names = Object.keys(step.gradients);
  const gradients = Object.values(step.gradients);
  const placeholders = names.map((name, index) => input(`gradient.${name}`, (gradients[index] as Expr).shape));
  const next = step.update(Object.fromEntries(names.map((name, index) => [name, placeholders[index] as Expr])));

  const state = alone ? {} : step.state;
  const wrt = [...Object.values(state), ...Object.values(step.learned)];
  const outputs = withRootsOfZero(Object.values(next));
  const cotangents = Object.entries(next).map(([name, successor]) => cotangentInput(name, successor));
  const through = vjp(outputs, cotangents, [...placeholders, ...wrt]);
  const toGradients = through.slice(0, names.length);
  const direct = through.slice(names.length);

  const { vectors, factor } = commonFactor(toGradients);
  const given = gradients.flatMap((gradient, index) => (vectors[index] ? [gradient] : []));
  const second = vjp(
    given,
    vectors.flatMap((vector) => vector ?? []),
    wrt,
  );
  const together = wrt.map((_, index) => {
    const scaled = second[index] && factor ? mul(second[index], factor) : second[index];
    const own = direct[index];
    return own && scaled ? add(own, scaled) : (own ?? scaled);
  });
  const values = new Map(placeholders.map((placeholder, index) => [placeholder, gradients[index] as Expr]));
  const whole = contracted(
    substituted(
      together.map((expr) => expr ?? constant(0)),
      values,
    ),
  );

  const named = (keys: readonly string[], from: number): Named<Expr> =>
    Object.fromEntries(
      keys.flatMap((key, index) => (together[from + index] ? [[key, whole[from + index] as Expr] as const] : [])),
    );
  const stateNames = Object.keys(state);
  return { state: named(stateNames, 0), learned: named(Object.keys(step.learned), stateNames.length) };
}

/** s and v with u = s·v for all u, where they share one scalar factor. */
function commonFactor(us: readonly (Expr | undefined)[]): { vectors: readonly (Expr | undefined)[]; factor?: Expr } {
  const split = us.map((u) => (u?.op === 'mul' ? scalarFactor(u) : undefined));
  const factor = split.find((parts) => parts)?.factor;
  if (!factor || us.some((u, index) => u && split[index]?.factor !== factor)) return { vectors: us };
  return { vectors: split.map((parts) => parts?.rest), factor };
}

function scalarFactor({ inputs: [a, b], shape }: Expr): { rest: Expr; factor: Expr } | undefined {
  if (!a || !b) return undefined;
  if (b.shape.length === 0 && shape.length > 0 && a.shape.join() === shape.join()) return { rest: a, factor: b };
  if (a.shape.length === 0 && shape.length > 0 && b.shape.join() === shape.join()) return { rest: b, factor: a };
  return undefined;
}
