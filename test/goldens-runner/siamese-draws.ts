/** Siamese augmentation as a case gives it: `params.draws`, one draw a step and class that real and synthetic images share. */
import type { JsonObject } from '../../base/json.ts';
import { augment, drawParameters, drawsOf, parameterNames, type Token } from '../../nn/augment/dsa.ts';
import { constant, type Expr } from '../../tensor/expr.ts';
import { floats } from '../../tensor/tensor.ts';

interface Draw {
  readonly step: number;
  readonly class: number;
  readonly token: Token;
  /** Uniform numbers, or whole ones of tokens whose rule depends on the random generator. */
  readonly u: readonly number[];
  readonly integers: readonly number[];
}

/** Images of a class as they are seen in a step; without draws as they are. */
export function siameseView(params: JsonObject, step: number): (images: Expr, label: number) => Expr {
  const draws = ((params.draws ?? []) as unknown as readonly Draw[]).filter((draw) => draw.step === step);
  return (images, label) => {
    const draw = draws.find((candidate) => candidate.class === label);
    if (!draw) return images;
    const [height = 1, width = 1] = images.shape.slice(-2);
    return augment(images, draw.token, parametersOf(draw, { height, width }));
  };
}

/** As constants of shape [1]. */
function parametersOf({ token, u, integers }: Draw, extent: { height: number; width: number }): Record<string, Expr> {
  const values =
    integers.length > 0
      ? Object.fromEntries(parameterNames(token).map((name, index) => [name, [integers[index] as number]]))
      : drawParameters(token, [...u, ...Array(drawsOf(token)).fill(0)], 1, extent);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constant(floats(value))]));
}
