/**
 * Optimisers as pure pairs: `init` gives the state's tensors, `update` builds their successors as expressions. The
 * learning rate is an expression, so that a step can be differentiated in it. PyTorch's formulas.
 */
import { type Expr, input } from '../tensor/expr.ts';
import { add, div, mul, sqrt, square, sub } from '../tensor/ops/index.ts';
import { floats, type Shape, scalar, sizeOf, type Tensor } from '../tensor/tensor.ts';

type Named<T> = Readonly<Record<string, T>>;

export interface Update {
  readonly parameters: Record<string, Expr>;
  readonly state: Record<string, Expr>;
}

export interface Optimiser {
  /** State tensors a parameter, e.g. `momentum`: the state's names are `momentum.conv0.weight` and so on. */
  readonly slots: readonly string[];
  /** Scalars of the step (bias corrections) that `update` wants by name; computed here, in double precision. */
  scalars(step: number): Record<string, number>;
  init(parameters: Named<{ readonly shape: Shape }>): Record<string, Tensor>;
  update(
    parameters: Named<Expr>,
    gradients: Named<Expr>,
    state: Named<Expr>,
    rate: Expr,
    scalars?: Named<Expr>,
  ): Update;
}

/** The step's scalars as `update` wants them: inputs of a program, and what these are fed. */
export function scalarInputs({ scalars }: Optimiser): Record<string, Expr> {
  return Object.fromEntries(Object.keys(scalars(0)).map((name) => [name, input(name, [])]));
}

export function scalarFeeds({ scalars }: Optimiser, step: number): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(scalars(step)).map(([name, value]) => [name, scalar(value)]));
}

function zeros(slots: readonly string[], parameters: Named<{ readonly shape: Shape }>): Record<string, Tensor> {
  return Object.fromEntries(
    slots.flatMap((slot) =>
      Object.entries(parameters).map(([name, { shape }]) => [
        `${slot}.${name}`,
        floats(new Float32Array(sizeOf(shape)), shape),
      ]),
    ),
  );
}

function known<T>(values: Named<T>, name: string): T {
  const value = values[name];
  if (value === undefined) throw new Error(`The optimiser has no ${name}`);
  return value;
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

/** g ← g + λp; v ← μv + g; p ← p - η·v (Nesterov: η·(g + μv)). Without momentum there is no state. */
export function sgd({ momentum = 0, weightDecay = 0, nesterov = false }: SgdOptions = {}): Optimiser {
  const slots = momentum === 0 ? [] : ['momentum'];
  return {
    slots,
    scalars: () => ({}),
    init: (parameters) => zeros(slots, parameters),
    update(parameters, gradients, state, rate) {
      const next: Update = { parameters: {}, state: {} };
      for (const [name, parameter] of Object.entries(parameters)) {
        const raw = known(gradients, name);
        const gradient = weightDecay === 0 ? raw : add(raw, mul(parameter, weightDecay));
        let direction = gradient;
        if (momentum !== 0) {
          const velocity = add(mul(known(state, `momentum.${name}`), momentum), gradient);
          next.state[`momentum.${name}`] = velocity;
          direction = nesterov ? add(gradient, mul(velocity, momentum)) : velocity;
        }
        next.parameters[name] = sub(parameter, mul(direction, rate));
      }
      return next;
    },
  };
}

export interface AdamOptions {
  readonly betas?: readonly [number, number];
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** AdamW: decay acts on the parameter itself, scaled by the rate, not through the gradient. */
  readonly decoupled?: boolean;
}

/** m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; p ← p - η · m̂ / (√v̂ + ε), with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ). */
export function adam(options: AdamOptions = {}): Optimiser {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0, decoupled = false } = options;
  const slots = ['first', 'second'];
  return {
    slots,
    scalars: (step) => ({ correction1: 1 - betas[0] ** (step + 1), correction2: 1 - betas[1] ** (step + 1) }),
    init: (parameters) => zeros(slots, parameters),
    update(parameters, gradients, state, rate, scalars = {}) {
      const correction1 = known(scalars, 'correction1');
      const correction2 = known(scalars, 'correction2');
      const next: Update = { parameters: {}, state: {} };
      for (const [name, parameter] of Object.entries(parameters)) {
        const raw = known(gradients, name);
        const gradient = weightDecay === 0 || decoupled ? raw : add(raw, mul(parameter, weightDecay));
        const first = add(mul(known(state, `first.${name}`), betas[0]), mul(gradient, 1 - betas[0]));
        const second = add(mul(known(state, `second.${name}`), betas[1]), mul(square(gradient), 1 - betas[1]));
        next.state[`first.${name}`] = first;
        next.state[`second.${name}`] = second;
        const denominator = add(div(sqrt(second), sqrt(correction2)), epsilon);
        const step = mul(div(first, denominator), div(rate, correction1));
        const decayed = decoupled && weightDecay !== 0 ? mul(parameter, sub(1, mul(rate, weightDecay))) : parameter;
        next.parameters[name] = sub(decayed, step);
      }
      return next;
    },
  };
}

export function adamW(options: Omit<AdamOptions, 'decoupled'> = {}): Optimiser {
  return adam({ weightDecay: 0.01, ...options, decoupled: true });
}
