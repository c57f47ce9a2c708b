/** DD-Ranking: scores of accuracies, a row a method. */
import { augmentationRobustScore, labelRobustScore } from '../../../methods/dd-ranking.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

function rowsOf({ shape, data }: Tensor): number[][] {
  const [rows = 0, width = 0] = shape;
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}

function table(rows: readonly (readonly number[])[]): Tensor {
  return floats(Float64Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);
}

export const ddRanking: Evaluator = async ({ params, inputs }) => {
  const { accuracies, aug_accuracies: augmented } = inputs;
  const computed: Record<string, Tensor> = {};
  if (accuracies) {
    const weight = (params.weight ?? 0.5) as number;
    const scores = (hardLabels: boolean) =>
      table(
        rowsOf(accuracies).map(([full = 0, hard = 0, own = 0, random = 0]) => {
          const { hlr, ior, alpha, lrs } = labelRobustScore(
            { full, hard, own: hardLabels ? hard : own, random },
            weight,
          );
          return [hlr, ior, alpha, lrs];
        }),
      );
    computed.soft = scores(false);
    computed.hard = scores(true);
  }
  if (augmented) {
    computed.ars = table(
      rowsOf(augmented).map(([withIt = 0, randomWith = 0, plain = 0, randomPlain = 0]) => {
        const accuracyOf = { augmented: withIt, randomAugmented: randomWith, plain, randomPlain };
        const { beta, ars } = augmentationRobustScore(accuracyOf, (params.gamma ?? 0.5) as number);
        return [beta, ars];
      }),
    );
  }
  return { computed };
};
