/** Soft labels: what teachers say to views of a synthetic set, stored once and learned by as many students as one likes. */

import type { JsonObject } from '../../base/json.ts';
import { bytesOfView } from '../soft-labels/format.ts';
import type { InputProblem, InputStage, RuleProblem, StageKind } from '../stage.ts';
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
  defaults: ({ mode }) => (mode === 'maps' ? { mix: 'none', keep: 'topk' } : {}),
  rules: (params) => [...(params.mode === 'maps' ? mapsProblems(params) : []), ...viewsProblems(params)],
  inputRules: ({ mode }, inputs) => [
    ...Object.entries(inputs).flatMap(([role, stage]) => whitened(role, stage)),
    ...(mode === 'maps' && 'teacher[1]' in inputs
      ? [{ path: ['teacher'], message: 'Label maps are of one teacher: their places differ from network to network.' }]
      : []),
  ],
  bytes: ({ mode, epochs, ...params }, { images }, data) => {
    const perClass = images?.imagesPerClass;
    // How many places a map has is the network's.
    if (!data || mode === 'maps' || typeof perClass !== 'number') return undefined;
    const view = bytesOfView({ ...labelParameters(params, data.classes), classes: data.classes });
    return (epochs as number) * perClass * data.classes * view;
  },
  async open(context) {
    if (context.params.mode === 'maps') return (await import('./maps-run.ts')).openLabelMaps(context);
    return (await import('./run.ts')).openRelabel(context);
  },
};

function viewsProblems({ keep, renormalise, mix, mixAlpha }: JsonObject): RuleProblem[] {
  return [
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
  ];
}

/** What ReLabel's maps are: scores of the likeliest classes, pooled over the crops of students. */
function mapsProblems(params: JsonObject): RuleProblem[] {
  const wanted: Readonly<Record<string, string>> = {
    crop: 'resized',
    mix: 'none',
    keep: 'topk',
    statistics: 'running',
  };
  return Object.entries(wanted).flatMap(([name, value]) =>
    params[name] === value
      ? []
      : [{ path: [name], message: `Label maps go with \`${name}: ${value}\`, not \`${String(params[name])}\`.` }],
  );
}

/** Crops and mixes are of pixels. */
function whitened(role: string, { name, inputs }: InputStage): InputProblem[] {
  if (!inputs.whitening) return [];
  const message = `Views are labelled as pixels, but \`${name}\` is whitened: give it no \`whitening\`.`;
  const [, list, index] = /^(.*)\[(\d+)\]$/.exec(role) ?? [];
  return [{ path: list === undefined ? [role] : [list, Number(index)], message }];
}
