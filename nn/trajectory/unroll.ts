/**
 * T steps of training, differentiated exactly with the memory of one step and T + 1 states.
 *
 * Forward, each step runs as one program and only the state before it is kept. Backward, from the last step to the first,
 * one program computes that step again and pulls the cotangent of its result back to its state and to what is learned.
 * Both are loops around compiled programs; cotangents of learned arrays add up where their rows came from.
 *
 * `alone` leaves the states out of the backward loop: every step sees the cotangent of the last state, which is TESLA's
 * gradient (exact for one step only), and costs no Hessian products.
 */
import type { Backend, Program } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import type { Expr } from '../../tensor/expr.ts';
import { floats, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { adjointOf } from './adjoint.ts';
import { Accumulated, type Rows, taken } from './rows.ts';
import type { Named, TrainingStep } from './training-step.ts';
import { CompiledView, type View } from './view.ts';

/** What differs from step to step. */
export interface StepInputs {
  /** Rows of the arrays that this step takes; the others it takes whole. */
  readonly rows?: Named<Rows>;
  /** Inputs of this step alone, and the draws of its view. */
  readonly feeds?: Named<Tensor>;
  /** The name of its view. */
  readonly view?: string;
}

export interface Course {
  readonly start: Named<Tensor>;
  /** Learned and other arrays by the names of the step's inputs. */
  readonly arrays: Named<Tensor>;
  readonly steps: readonly StepInputs[];
}

export interface Trajectory extends Course {
  /** Before each step and after the last: T + 1, with buffers. */
  readonly states: readonly Named<Tensor>[];
  readonly final: Named<Tensor>;
}

export interface TrajectoryGradients {
  /** In the shapes of the arrays. */
  readonly learned: Record<string, Tensor>;
  /** Of the start; absent with `alone`. */
  readonly start: Record<string, Tensor>;
}

export interface UnrollOptions {
  readonly views?: Named<View>;
}

export class Unroll {
  readonly #backend: Backend;
  readonly #step: TrainingStep;
  readonly #forward: Program;
  readonly #views: Named<CompiledView>;
  /** Compiled when first asked for: whole and alone. */
  readonly #adjoints = new Map<boolean, Promise<Program>>();

  private constructor(backend: Backend, step: TrainingStep, forward: Program, views: Named<CompiledView>) {
    this.#backend = backend;
    this.#step = step;
    this.#forward = forward;
    this.#views = views;
  }

  static async compile(backend: Backend, step: TrainingStep, { views = {} }: UnrollOptions = {}): Promise<Unroll> {
    const next = { ...step.update(step.gradients), ...step.buffers.after };
    const forward = await compile(backend, { ...prefixed('next', next), ...prefixed('watched', step.watched) });
    const compiled: Record<string, CompiledView> = {};
    for (const [name, view] of Object.entries(views)) compiled[name] = await CompiledView.compile(backend, view);
    return new Unroll(backend, step, forward, compiled);
  }

  /** `watch` sees the further results of each step. */
  async forward(course: Course, watch?: (step: number, results: Named<Tensor>) => void): Promise<Trajectory> {
    const states = [course.start];
    for (let step = 0; step < course.steps.length; step++) {
      const before = states[step] as Named<Tensor>;
      const results = await this.#forward.run({ ...(await this.#feeds(course, step, this.#forward)), ...before });
      states.push({ ...before, ...selected('next', results) });
      watch?.(step, selected('watched', results));
    }
    return { ...course, states, final: states.at(-1) as Named<Tensor> };
  }

  /** From cotangents of the last state, by name; those left out are zero. */
  async backward(
    trajectory: Trajectory,
    cotangents: Named<Tensor>,
    { alone = false }: { alone?: boolean } = {},
  ): Promise<TrajectoryGradients> {
    const { arrays, states, steps } = trajectory;
    const program = await this.#adjoint(alone);
    const sums = Object.fromEntries(
      Object.keys(this.#step.learned).map((name) => [name, new Accumulated(known(arrays, name))]),
    );
    let flowing = this.#complete(cotangents);
    for (let step = steps.length - 1; step >= 0; step--) {
      const feeds = await this.#feeds(trajectory, step, program);
      const results = await program.run({ ...feeds, ...states[step], ...prefixed('cotangent', flowing) });
      for (const [name, cotangent] of Object.entries(selected('learned', results))) {
        const source = await this.#pullBack(trajectory, step, name, cotangent);
        sums[name]?.add(source, steps[step]?.rows?.[name]);
      }
      if (!alone) flowing = this.#complete(selected('state', results));
    }
    const learned = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum.total()]));
    return { learned, start: alone ? {} : flowing };
  }

  async dispose(): Promise<void> {
    this.#forward.dispose();
    for (const view of Object.values(this.#views)) view.dispose();
    for (const program of this.#adjoints.values()) (await program).dispose();
  }

  #adjoint(alone: boolean): Promise<Program> {
    const known = this.#adjoints.get(alone);
    if (known) return known;
    const { state, learned } = adjointOf(this.#step, { alone });
    const program = compile(this.#backend, { ...prefixed('state', state), ...prefixed('learned', learned) });
    this.#adjoints.set(alone, program);
    return program;
  }

  /** Every input of a step's program but the state. */
  async #feeds({ arrays, steps }: Course, step: number, program: Program): Promise<Record<string, Tensor>> {
    const { rows = {}, feeds = {}, view } = steps[step] ?? {};
    const fed: Record<string, Tensor> = { ...this.#step.scalars(step), ...feeds };
    for (const [name, { shape }] of Object.entries(program.inputs)) {
      const whole = arrays[name];
      if (whole) fed[name] = taken(whole, rows[name], shape);
    }
    if (view === undefined) return fed;
    const compiled = known(this.#views, view);
    const batch = this.#batch({ arrays, steps }, step, compiled.learned);
    return { ...fed, [compiled.learned]: await compiled.of(batch, feeds) };
  }

  #batch({ arrays, steps }: Pick<Course, 'arrays' | 'steps'>, step: number, name: string): Tensor {
    const { shape } = known(this.#step.learned, name);
    return taken(known(arrays, name), steps[step]?.rows?.[name], shape);
  }

  async #pullBack(course: Course, step: number, name: string, cotangent: Tensor): Promise<Tensor> {
    const { view, feeds = {} } = course.steps[step] ?? {};
    const compiled = view === undefined ? undefined : known(this.#views, view);
    if (compiled?.learned !== name) return cotangent;
    return compiled.pullBack(cotangent, this.#batch(course, step, name), feeds);
  }

  #complete(cotangents: Named<Tensor>): Record<string, Tensor> {
    return Object.fromEntries(
      Object.entries(this.#step.state).map(([name, { shape }]) => [name, cotangents[name] ?? zeros(shape)]),
    );
  }
}

function zeros(shape: Expr['shape']): Tensor {
  return floats(new Float32Array(sizeOf(shape)), shape);
}

function known<T>(values: Named<T>, name: string): T {
  const value = values[name];
  if (value === undefined) throw new Error(`The trajectory has no ${name}; it has ${Object.keys(values).join(', ')}`);
  return value;
}

function prefixed<T>(prefix: string, values: Named<T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function selected(prefix: string, results: Named<Tensor>): Record<string, Tensor> {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, value]) =>
      name.startsWith(start) ? [[name.slice(start.length), value]] : [],
    ),
  );
}
