/** D4M: updates of mini-batch k-means, batch after batch. */
import { clusteringStep } from '../../../methods/d4m.ts';
import { input } from '../../../tensor/expr.ts';
import { floats, ints, type Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const d4m: Evaluator = async ({ inputs }, backend) => {
  const init = inputs.init as Tensor;
  const [clusters = 1] = init.shape;
  const computed: Record<string, Tensor> = {};
  let centres = init;
  let counts = floats(new Float32Array(clusters));
  for (let call = 0; inputs[`batch${call}`]; call++) {
    const batch = inputs[`batch${call}`] as Tensor;
    const before = { centres: input('centres', centres.shape), counts: input('counts', counts.shape) };
    const step = clusteringStep(before, input('batch', batch.shape));
    const results = await runOnce(backend, { ...step }, { centres, counts, batch });
    centres = results.centres as Tensor;
    counts = results.counts as Tensor;
    computed[`centres${call}`] = centres;
    computed[`labels${call}`] = results.labels as Tensor;
    computed[`counts${call}`] = ints(Array.from(counts.data));
  }
  return { computed };
};
