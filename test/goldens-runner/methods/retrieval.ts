/** VL evaluation: recall in both directions from a matrix of scores. */
import { type Recall, retrievalRecall } from '../../../methods/retrieval.ts';
import { ints, scalar, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

function recalls(prefix: string, { at, mean }: Recall): Record<string, Tensor> {
  return {
    [`${prefix}_r1`]: scalar(at[1]),
    [`${prefix}_r5`]: scalar(at[5]),
    [`${prefix}_r10`]: scalar(at[10]),
    [`${prefix}_r_mean`]: scalar(mean),
  };
}

export const retrieval: Evaluator = async ({ inputs }) => {
  const { scores, txt2img } = inputs as { scores: Tensor; txt2img: Tensor };
  const { text, image, mean } = retrievalRecall(scores.data, txt2img.data, scores.shape[0] ?? 0);
  return {
    computed: {
      ...recalls('txt', text),
      ...recalls('img', image),
      r_mean: scalar(mean),
      rank_i2t: ints(text.ranks),
      rank_t2i: ints(image.ranks),
    },
  };
};
