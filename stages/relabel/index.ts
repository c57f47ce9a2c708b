/** Soft labels: what teachers say to views of a synthetic set, stored once and learned by as many students as one likes. */

import { bytesOfView } from '../soft-labels/format.ts';
import type { InputProblem, InputStage, StageKind } from '../stage.ts';
import { labelParameters, relabelParameters } from './parameters.ts';

export const relabel: StageKind = {
  kind: 'relabel',
  version: 1,
  description: 'Labels views of a synthetic set by a teacher, epoch by epoch (FKD, SRe2L, G-VBSM).',
  parameters: { type: 'object', properties: relabelParameters },
  inputs: {
    images: { type: 'synthetic-set', required: true, description: 'The images to label: recovered or real ones.' },
    teacher: {
      type: 'network',
      required: true,
      many: true,
      description: 'The network whose logits are the labels, or several whose mean is.',
    },
  },
  outputs: { labels: { type: 'soft-labels', description: 'Views and their labels, a file an epoch.' } },
  replicates: ['set'],
  usesData: true,
  threads: 2,
  rules: ({ keep, renormalise, mix, mixAlpha }) => [
    ...(renormalise === true && keep !== 'topk'
      ? [
          {
            path: ['renormalise'],
            message: `\`renormalise\` is of \`keep: topk\`, but \`keep\` is \`${String(keep)}\`.`,
          },
        ]
      : []),
    ...(mix === 'none' && mixAlpha !== 1
      ? [{ path: ['mixAlpha'], message: 'Nothing is mixed: `mix` is `none`.' }]
      : []),
  ],
  inputRules: (_, inputs) => Object.entries(inputs).flatMap(([role, stage]) => whitened(role, stage)),
  bytes: ({ epochs, ...params }, { images }, data) => {
    const perClass = images?.imagesPerClass;
    if (!data || typeof perClass !== 'number') return undefined;
    const view = bytesOfView({ ...labelParameters(params, data.classes), classes: data.classes });
    return (epochs as number) * perClass * data.classes * view;
  },
  async open(context) {
    return (await import('./run.ts')).openRelabel(context);
  },
};

/** Crops and mixes are of pixels. */
function whitened(role: string, { name, inputs }: InputStage): InputProblem[] {
  if (!inputs.whitening) return [];
  const message = `Views are labelled as pixels, but \`${name}\` is whitened: give it no \`whitening\`.`;
  const [, list, index] = /^(.*)\[(\d+)\]$/.exec(role) ?? [];
  return [{ path: list === undefined ? [role] : [list, Number(index)], message }];
}
