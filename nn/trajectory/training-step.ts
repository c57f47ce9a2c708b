/**
 * One training step as a graph: the loss gradient at the state, and the optimiser's update of the state with it. The two
 * are kept apart, since an update is cheap and often linear in the gradient, which its adjoint (`adjoint.ts`) makes use of.
 *
 * Inputs are known by their names: those of the state (parameters, and the optimiser's slots such as `momentum.conv0.weight`),
 * those that are learned (images, soft labels, step size), and whatever else the loss reads (hard labels, draws).
 */
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Optimiser, scalarFeeds, scalarInputs, type Update } from '../optimisers.ts';

export type Named<T> = Readonly<Record<string, T>>;

export interface TrainingStep {
  /** What a step hands to the next: parameters first, then the optimiser's slots; inputs. */
  readonly state: Named<Expr>;
  /** ∇ of the loss in every parameter. */
  readonly gradients: Named<Expr>;
  /** The state's successor from gradients by parameter name. */
  update(gradients: Named<Expr>): Named<Expr>;
  /** Inputs in which a trajectory is differentiated. */
  readonly learned: Named<Expr>;
  /** Buffers that move along (running statistics), constants to the calculus: their inputs and successors. */
  readonly buffers: { readonly before: Named<Expr>; readonly after: Named<Expr> };
  /** Further results of every step, for whoever watches it. */
  readonly watched: Named<Expr>;
  /** The optimiser's own scalars at a step, counted from 0. */
  scalars(step: number): Record<string, Tensor>;
}

export interface TrainingStepOptions {
  /** A float of inputs named here and below. */
  readonly loss: Expr;
  readonly parameters: Named<Expr>;
  readonly optimiser: Optimiser;
  /** The step size: an input, a constant, or made of one (softplus of what is learned, say). */
  readonly rate: Expr;
  readonly learned: Named<Expr>;
  readonly buffers?: TrainingStep['buffers'];
  /** From the gradients by parameter name. */
  readonly watched?: (gradients: Named<Expr>) => Named<Expr>;
}

export function trainingStep(options: TrainingStepOptions): TrainingStep {
  const { loss, parameters, optimiser, rate, learned, buffers = { before: {}, after: {} } } = options;
  const names = Object.keys(parameters);
  const found = gradient(loss, Object.values(parameters));
  const gradients = Object.fromEntries(names.map((name, index) => [name, found[index] as Expr]));
  const slots = Object.fromEntries(
    optimiser.slots.flatMap((slot) =>
      Object.entries(parameters).map(([name, { shape }]) => [`${slot}.${name}`, input(`${slot}.${name}`, shape)]),
    ),
  );
  const scalars = scalarInputs(optimiser);
  return {
    state: { ...parameters, ...slots },
    gradients,
    update(given) {
      const next: Update = optimiser.update(parameters, given, slots, rate, scalars);
      return { ...next.parameters, ...next.state };
    },
    learned,
    buffers,
    watched: options.watched?.(gradients) ?? {},
    scalars: (step) => scalarFeeds(optimiser, step),
  };
}

/** The state at step 0: parameters as given, the optimiser's slots as it begins. */
export function startOf(optimiser: Optimiser, parameters: Named<Tensor>): Record<string, Tensor> {
  return { ...parameters, ...optimiser.init(parameters) };
}
