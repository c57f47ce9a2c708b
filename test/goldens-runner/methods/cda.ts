/** CDA: the curriculum for every mode and milestone, and the cosine rate. */
import { CROP_CURRICULA, type CropCurriculum, minimumCropArea } from '../../../methods/cda.ts';
import { cosineDecay } from '../../../nn/schedules.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

/** Iterations at which a case samples the course of a full run. */
const FULL_RUN = { iterations: 4000, at: [0, 1, 1000, 2000, 3000, 3999] };
/** The rate of the Tiny-ImageNet script, where a case names no other. */
const BASE_RATE = 0.4;

export const cda: Evaluator = async ({ params }) => {
  const iterations = params.iterations as number;
  const bounds = { low: (params.low ?? 0.08) as number, high: (params.high ?? 1) as number };
  const modes = params.modes as unknown as readonly CropCurriculum[];
  const unknown = modes.find((mode) => !CROP_CURRICULA.includes(mode));
  if (unknown !== undefined) return { unsupported: `mode ${JSON.stringify(unknown)}` };
  const everyIteration = Array.from({ length: iterations }, (_, iteration) => iteration);
  const computed: Record<string, Tensor> = {};
  for (const mode of modes) {
    for (const milestone of params.milestones as readonly number[]) {
      const course = everyIteration.map((i) => minimumCropArea(i, { mode, milestone, iterations, ...bounds }));
      computed[`min_scale.${mode}.m${milestone}`] = floats(Float64Array.from(course));
    }
  }
  const rate = (params.lr ?? params.base_lr ?? BASE_RATE) as number;
  computed.lr = floats(Float64Array.from(everyIteration, (i) => rate * cosineDecay(iterations)(i)));
  const full = { mode: 'cosine', milestone: 1, iterations: FULL_RUN.iterations, ...bounds } as const;
  computed.full4000 = floats(Float64Array.from(FULL_RUN.at, (i) => minimumCropArea(i, full)));
  return { computed };
};
