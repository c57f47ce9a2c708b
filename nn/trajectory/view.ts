/**
 * A view is what a step makes of a batch before it trains on it: an augmentation with this step's draws. It is a program of
 * its own, chained by hand, since steps differ in it (one DSA token a step) and the rest of the step is the same.
 */
import type { Backend, Program } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { vjp } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { augment, DSA_SETTINGS, type DsaSettings, parameterNames, type Token } from '../augment/dsa.ts';
import type { Named } from './training-step.ts';

export interface View {
  /** Which learned input of the step it makes; its own inputs are the draws, and `source`. */
  readonly learned: string;
  /** An input of the view. */
  readonly source: Expr;
  readonly result: Expr;
}

/** One DSA token; `batch` is the step's input of images. Draws are fed by the token's parameter names. */
export function dsaView(learned: string, batch: Expr, token: Token, settings: DsaSettings = DSA_SETTINGS): View {
  const source = input('source', batch.shape);
  const draws = parameterNames(token).map((name) => [name, input(name, [batch.shape[0] ?? 1])]);
  return { learned, source, result: augment(source, token, Object.fromEntries(draws), settings) };
}

export class CompiledView {
  readonly learned: string;
  readonly source: Expr;
  readonly #result: Expr;
  readonly #there: Program;
  readonly #back: Program;

  private constructor(view: View, there: Program, back: Program) {
    this.learned = view.learned;
    this.source = view.source;
    this.#result = view.result;
    this.#there = there;
    this.#back = back;
  }

  static async compile(backend: Backend, view: View): Promise<CompiledView> {
    const { source, result } = view;
    const [cotangent] = vjp([result], [input('cotangent', result.shape)], [source]);
    if (!cotangent) throw new Error(`No gradient passes through the view of ${view.learned}`);
    return new CompiledView(view, await compile(backend, { result }), await compile(backend, { cotangent }));
  }

  /** The batch as the step sees it. */
  async of(batch: Tensor, draws: Named<Tensor>): Promise<Tensor> {
    const { result } = await this.#there.run({ ...draws, [String(this.source.attrs.name)]: batch });
    return result as Tensor;
  }

  /** The batch's cotangent from that of what the step saw. */
  async pullBack(seen: Tensor, batch: Tensor, draws: Named<Tensor>): Promise<Tensor> {
    const fed = {
      ...draws,
      [String(this.source.attrs.name)]: batch,
      cotangent: { ...seen, shape: this.#result.shape },
    };
    const { cotangent } = await this.#back.run(fed);
    return cotangent as Tensor;
  }

  dispose(): void {
    this.#there.dispose();
    this.#back.dispose();
  }
}
