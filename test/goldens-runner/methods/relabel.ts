/** ReLabel: a crop's soft label is the softmax of the teacher's score map, pooled over the crop's box. */
import { input } from '../../../tensor/expr.ts';
import { mul, roiAlign, softmax, squeeze, sub } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const relabel: Evaluator = async ({ params, inputs }, backend) => {
  const { maps, boxes } = inputs as { maps: Tensor; boxes: Tensor };
  const cells = sub(mul(input('boxes', boxes.shape), params.size as number), 0.5);
  const pooled = squeeze(roiAlign(input('maps', maps.shape), cells, { size: [1, 1] }), [2, 3]);
  return { computed: await runOnce(backend, { pooled, label: softmax(pooled) }, inputs) };
};
