/** DC evaluation: its augmentation, one operator an image with given draws. */
import { augmentDc, DC_SETTINGS, type DcDraw } from '../../../nn/augment/dc.ts';
import { sizeOf, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

interface GivenDraw {
  readonly op: string;
  readonly row?: number;
  readonly column?: number;
  readonly height_factor?: number;
  readonly width_factor?: number;
  readonly angle?: number;
}

export const dcEvaluation: Evaluator = async ({ params, inputs }) => {
  const given = params.per_image as unknown as readonly GivenDraw[] | undefined;
  if (!given) return { unsupported: 'no operator per image is given' };
  const x = inputs.x as Tensor;
  const values = sizeOf(x.shape.slice(1));
  let noisy = 0;
  const draws: DcDraw[] = [];
  for (const { op, row = 0, column = 0, height_factor = 1, width_factor = 1, angle = 0 } of given) {
    if (op === 'crop') draws.push({ operator: op, row, column });
    else if (op === 'scale') draws.push({ operator: op, heightFactor: height_factor, widthFactor: width_factor });
    else if (op === 'rotate') draws.push({ operator: op, degrees: angle });
    else if (op === 'noise') {
      const normal = (inputs.noise as Tensor).data.subarray(noisy * values, (noisy + 1) * values);
      draws.push({ operator: op, normal });
      noisy++;
    } else return { unsupported: `operator ${JSON.stringify(op)}` };
  }
  const setting = (name: 'crop' | 'scale' | 'rotate' | 'noise') =>
    (params[name] as number | undefined) ?? DC_SETTINGS[name];
  const settings = {
    crop: setting('crop'),
    scale: setting('scale'),
    rotate: setting('rotate'),
    noise: setting('noise'),
  };
  return { computed: { out: augmentDc(x, draws, settings) } };
};
