/** A loss of the last state, with its cotangents: where the backward loop of a trajectory begins. */
import type { Backend, Program } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import type { Expr } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Named } from './training-step.ts';

export class FinalLoss {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** `state`: the inputs of `loss` in which it is differentiated. */
  static async compile(backend: Backend, loss: Expr, state: Named<Expr>): Promise<FinalLoss> {
    const slopes = gradient(loss, Object.values(state));
    const named = Object.keys(state).map((name, index) => [`state.${name}`, slopes[index] as Expr]);
    return new FinalLoss(await compile(backend, { loss, ...Object.fromEntries(named) }));
  }

  async at(feeds: Named<Tensor>): Promise<{ loss: Tensor; cotangents: Record<string, Tensor> }> {
    const { loss, ...slopes } = await this.#program.run(feeds);
    const cotangents = Object.entries(slopes).map(([name, value]) => [name.slice('state.'.length), value]);
    return { loss: loss as Tensor, cotangents: Object.fromEntries(cotangents) };
  }

  dispose(): void {
    this.#program.dispose();
  }
}
