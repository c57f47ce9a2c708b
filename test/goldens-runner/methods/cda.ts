/** CDA: the curriculum for every mode and milestone, and the cosine rate. */
import { CROP_CURRICULA, type CropCurriculum, minimumCropArea } from '../../../methods/cda.ts';
import { cosineDecay } from '../../../nn/schedules.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

export const cda: Evaluator = async ({ params, meanings }) => {
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
  if (meanings.lr !== undefined) {
    const rate = (params.lr ?? params.base_lr ?? baseRate(meanings.lr)) as number | undefined;
    if (rate === undefined) return { unsupported: 'a learning rate whose base is not told' };
    computed.lr = floats(Float64Array.from(everyIteration, (i) => rate * cosineDecay(iterations)(i)));
  }
  for (const [name, words] of Object.entries(meanings)) {
    if (!name.startsWith('full')) continue;
    const run = fullRun(words);
    if (!run) return { unsupported: `a course that is told as ${JSON.stringify(words)}` };
    const { at, ...course } = run;
    computed[name] = floats(Float64Array.from(at, (i) => minimumCropArea(i, { ...course, ...bounds })));
  }
  return { computed };
};

/** `cosine learning rate with base 0.4` */
function baseRate(words: string): number | undefined {
  const found = /base ([\d.e-]+)/.exec(words);
  return found ? Number(found[1]) : undefined;
}

/** The course of a longer run at some of its iterations: `cosine, milestone 1, 4000 iterations, at iterations 0, 1, 1000`. */
function fullRun(words: string) {
  const found = /^(\w+), milestone ([\d.]+), (\d+) iterations, at iterations ([\d, ]+)$/.exec(words);
  const mode = CROP_CURRICULA.find((known) => known === found?.[1]);
  if (!found || !mode) return undefined;
  const at = (found[4] as string).split(',').map(Number);
  return { mode, milestone: Number(found[2]), iterations: Number(found[3]), at };
}
