/**
 * T steps of training, differentiated exactly with the memory of one step and T + 1 states.
 *
 * Forward, each step runs as one program and only the state before it is kept. Backward, from the last step to the first,
 * one program computes that step again and pulls the cotangent of its result back to its state and to what is learned.
 * Both are loops around compiled programs; cotangents of learned arrays add up where their rows came from.
 *
 * With an allowance of bytes, the first steps keep what their adjoints would compute again (`partition.ts`), so that the
 * backward loop is faster, as far as the allowance goes.
 *
 * `alone` leaves the states out of the backward loop: every step sees the cotangent of the last state, which is TESLA's
 * gradient (exact for one step only), and costs no Hessian products.
 */
import type { Backend, Program } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import type { Expr } from '../../tensor/expr.ts';
import { floats, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { adjointOf } from './adjoint.ts';
import { bestPartition, type Partition, partitions } from './partition.ts';
import { Accumulated, type Rows, taken } from './rows.ts';
import type { Named, TrainingStep } from './training-step.ts';
import { CompiledView, type View } from './view.ts';

/** What differs from step to step. */
export interface StepInputs {
  /** Which graph it runs, where steps differ in more than values (a last, smaller batch). */
  readonly kind?: string;
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
  /** What steps have kept, by their index; the backward loop takes it away. */
  readonly kept: Map<number, Kept>;
}

interface Kept {
  readonly partition: Partition;
  readonly values: Named<Tensor>;
}

export interface TrajectoryGradients {
  /** In the shapes of the arrays. */
  readonly learned: Record<string, Tensor>;
  /** Of the start; absent with `alone`. */
  readonly start: Record<string, Tensor>;
}

/** The graphs of a course's steps, by the kinds and views that its steps name. */
export interface StepGraphs {
  step(kind: string): TrainingStep;
  view?(name: string, kind: string): View;
}

export interface UnrollOptions {
  /** Bytes that a trajectory may keep of its steps' intermediate values. */
  readonly keepActivations?: number;
}

/** One kind of step, its graphs and their programs, which are compiled when first asked for. */
interface Kind {
  readonly step: TrainingStep;
  readonly forward: Named<Expr>;
  readonly adjoint: Named<Expr>;
  readonly alone: () => Named<Expr>;
  readonly partitions: readonly Partition[];
  readonly programs: Map<Named<Expr>, Promise<Program>>;
}

export class Unroll {
  readonly #backend: Backend;
  readonly #graphs: StepGraphs;
  readonly #allowance: number;
  readonly #kinds = new Map<string, Kind>();
  readonly #views = new Map<string, Promise<CompiledView>>();

  /** Programs are compiled when a course first needs them. */
  constructor(backend: Backend, graphs: StepGraphs, { keepActivations = 0 }: UnrollOptions = {}) {
    this.#backend = backend;
    this.#allowance = keepActivations;
    this.#graphs = graphs;
  }

  /** `watch` sees the further results of each step. */
  async forward(course: Course, watch?: (step: number, results: Named<Tensor>) => void): Promise<Trajectory> {
    const states = [course.start];
    const kept = new Map<number, Kept>();
    let left = this.#allowance;
    for (let index = 0; index < course.steps.length; index++) {
      const kind = this.#kind(course, index);
      const best = bestPartition(kind.partitions, course.steps.length, this.#allowance);
      const partition = best && best.bytes <= left ? best : undefined;
      const program = await this.#program(kind, partition?.forward ?? kind.forward);
      const before = states[index] as Named<Tensor>;
      const feeds = await this.#feeds(course, index, kind.step, program);
      const results = await program.run({ ...feeds, ...before });
      states.push({ ...before, ...selected('next', results) });
      if (partition) {
        kept.set(index, { partition, values: prefixed('kept', selected('kept', results)) });
        left -= partition.bytes;
      }
      watch?.(index, selected('watched', results));
    }
    return { ...course, states, kept, final: states.at(-1) as Named<Tensor> };
  }

  /** From cotangents of the last state, by name; those left out are zero. */
  async backward(
    trajectory: Trajectory,
    cotangents: Named<Tensor>,
    { alone = false }: { alone?: boolean } = {},
  ): Promise<TrajectoryGradients> {
    const { arrays, states, steps } = trajectory;
    const sums = new Map<string, Accumulated>();
    let flowing = cotangents;
    for (let index = steps.length - 1; index >= 0; index--) {
      const kind = this.#kind(trajectory, index);
      const { step } = kind;
      const kept = alone ? undefined : trajectory.kept.get(index);
      const program = await this.#program(kind, alone ? kind.alone() : (kept?.partition.adjoint ?? kind.adjoint));
      flowing = complete(flowing, step);
      const feeds = await this.#feeds(trajectory, index, step, program);
      const given = { ...feeds, ...kept?.values, ...states[index], ...prefixed('cotangent', flowing) };
      const results = await program.run(given);
      for (const name of Object.keys(step.learned)) {
        const sum = sums.get(name) ?? new Accumulated(known(arrays, name));
        sums.set(name, sum);
        const cotangent = results[`learned.${name}`];
        if (cotangent) sum.add(await this.#pulledBack(trajectory, index, name, cotangent), steps[index]?.rows?.[name]);
      }
      if (!alone) flowing = selected('state', results);
      if (kept) trajectory.kept.delete(index);
    }
    const learned = Object.fromEntries([...sums].map(([name, sum]) => [name, sum.total()]));
    return { learned, start: alone ? {} : { ...flowing } };
  }

  async dispose(): Promise<void> {
    for (const view of this.#views.values()) (await view).dispose();
    for (const { programs } of this.#kinds.values()) {
      for (const program of programs.values()) (await program).dispose();
    }
  }

  #kind({ steps }: Course, index: number): Kind {
    const name = steps[index]?.kind ?? '';
    const found = this.#kinds.get(name) ?? this.#newKind(this.#graphs.step(name));
    this.#kinds.set(name, found);
    return found;
  }

  #newKind(step: TrainingStep): Kind {
    const next = { ...step.update(step.gradients), ...step.buffers.after };
    const forward = { ...prefixed('next', next), ...prefixed('watched', step.watched) };
    const adjoint = adjointGraph(step, false);
    const isCotangent = (input: string) => input.startsWith('cotangent.');
    const choices = this.#allowance > 0 ? partitions(forward, adjoint, isCotangent) : [];
    let alone: Named<Expr> | undefined;
    const aloneGraph = () => {
      alone ??= adjointGraph(step, true);
      return alone;
    };
    return { step, forward, adjoint, alone: aloneGraph, partitions: choices, programs: new Map() };
  }

  #program({ programs }: Kind, graph: Named<Expr>): Promise<Program> {
    return remembered(programs, graph, () => compile(this.#backend, graph));
  }

  #view({ steps }: Course, index: number): Promise<CompiledView> | undefined {
    const { kind = '', view } = steps[index] ?? {};
    if (view === undefined) return undefined;
    return remembered(this.#views, `${kind} ${view}`, () => {
      const graph = this.#graphs.view?.(view, kind);
      if (!graph) throw new Error(`The trajectory has no view ${view}`);
      return CompiledView.compile(this.#backend, graph);
    });
  }

  /** Every input of a step's program but the state. */
  async #feeds(course: Course, index: number, step: TrainingStep, program: Program): Promise<Record<string, Tensor>> {
    const { rows = {}, feeds = {} } = course.steps[index] ?? {};
    const view = await this.#view(course, index);
    const fed: Record<string, Tensor> = { ...step.scalars(index), ...feeds };
    for (const [name, { shape }] of Object.entries(program.inputs)) {
      const whole = course.arrays[name];
      if (!whole) continue;
      const batch = taken(whole, rows[name], view?.learned === name ? view.source.shape : shape);
      fed[name] = view?.learned === name ? await view.of(batch, feeds) : batch;
    }
    return fed;
  }

  async #pulledBack(course: Course, index: number, name: string, seen: Tensor): Promise<Tensor> {
    const view = await this.#view(course, index);
    if (view?.learned !== name) return seen;
    const { rows = {}, feeds = {} } = course.steps[index] ?? {};
    return view.pullBack(seen, taken(known(course.arrays, name), rows[name], view.source.shape), feeds);
  }
}

function adjointGraph(step: TrainingStep, alone: boolean): Named<Expr> {
  const { state, learned } = adjointOf(step, { alone });
  return { ...prefixed('state', state), ...prefixed('learned', learned) };
}

function remembered<K, V>(cache: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const found = cache.get(key) ?? make();
  cache.set(key, found);
  return found;
}

/** Zeros where nothing flows. */
function complete(cotangents: Named<Tensor>, { state }: TrainingStep): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(state).map(([name, { shape }]) => [
      name,
      cotangents[name] ?? floats(new Float32Array(sizeOf(shape)), shape),
    ]),
  );
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
