/** Soft labels: what teachers say to views of a synthetic set, stored once and learned by as many students as one likes. */

import type { Json, JsonObject } from '../../base/json.ts';
import type { Result } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { buildNetwork, type NetworkSpec, networkInputs } from '../../nn/network.ts';
import { networkHead, type PooledHead } from '../../nn/score-maps.ts';
import { input } from '../../tensor/expr.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { listOf } from '../input-roles.ts';
import { type Range, rangesOf } from '../shards.ts';
import { bytesOfMap, bytesOfView } from '../soft-labels/format.ts';
import type { InputProblem, InputStage, RuleProblem, StageKind } from '../stage.ts';
import { labelParameters, relabelParameters } from './parameters.ts';

export const relabel: StageKind = {
  kind: 'relabel',
  version: 2,
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
  figures: ['agreement'],
  outputs: { labels: { type: 'soft-labels', description: 'Views and their labels, a file an epoch.' } },
  replicates: ['set'],
  // Views by epochs, whose draws count from the seed and their number. Mixes pair images of a batch, and batches are of all
  // images in an order of their epoch: parts of the images would be other labels, parts of the epochs are the very files.
  // A map is of its image alone, so maps are split by images.
  splitting: ['epochsPerShard', 'imagesPerShard'],
  covered: ['epochs'],
  shards: ({ mode, epochs, epochsPerShard, imagesPerShard }, data, inputs = {}) => {
    if (mode === 'maps') {
      const count = countOf(inputs.images, data);
      if (count === undefined || !((imagesPerShard as number) > 0)) return [];
      return rangesOf(count, imagesPerShard as number).map((covered) => ({ images: covered }));
    }
    if (!((epochsPerShard as number) > 0)) return [];
    return rangesOf(epochs as number, epochsPerShard as number).map((covered) => ({ epochs: covered }));
  },
  joinMetrics: (parts) => {
    // Maps have none.
    if (parts.some(({ shard }) => shard.images)) return {};
    const lengths = parts.map(({ shard }) => lengthOf(shard.epochs as unknown as Range));
    const views = lengths.reduce((sum, length) => sum + length, 0);
    const agreed = parts.map(({ metrics }, index) => (metrics.agreement ?? 0) * (lengths[index] ?? 0));
    return { agreement: agreed.reduce((sum, share) => sum + share, 0) / views };
  },
  usesData: true,
  threads: 2,
  defaults: ({ mode }) => (mode === 'maps' ? { mix: 'none', keep: 'topk' } : {}),
  rules: (params) => [
    ...(params.mode === 'maps' ? mapsProblems(params) : splitProblems(params)),
    ...viewsProblems(params),
  ],
  inputRules: ({ mode, imagesPerShard }, inputs, _, data) => [
    ...((imagesPerShard as number) > 0 && inputs.images ? countProblems(inputs.images) : []),
    ...Object.entries(inputs).flatMap(([role, stage]) => whitened(role, stage)),
    ...(mode === 'maps' && 'teacher[1]' in inputs
      ? [{ path: ['teacher'], message: 'Label maps are of one teacher: their places differ from network to network.' }]
      : []),
    ...(mode === 'maps' && data ? headProblems(listOf(inputs, 'teacher')[0], data) : []),
  ],
  bytes: ({ mode, epochs: all, ...params }, { images, teacher }, data, shard) => {
    const count = countOf(images, data);
    if (!data || count === undefined) return undefined;
    const sizes = { ...labelParameters(params, data.classes), classes: data.classes };
    if (mode === 'maps') {
      // Of an imported network, as its file has it.
      const imported = teacher?.mapPlaces as number | undefined;
      const places = imported ?? placesOf(teacher?.network as NetworkSpec | undefined, data);
      const labelled = shard ? lengthOf(shard.images as unknown as Range) : count;
      return places && labelled * bytesOfMap(sizes, places);
    }
    const epochs = shard ? lengthOf(shard.epochs as unknown as Range) : (all as number);
    return epochs * count * bytesOfView(sizes);
  },
  async open(context) {
    if (context.params.mode === 'maps') return (await import('./maps-run.ts')).openLabelMaps(context);
    return (await import('./run.ts')).openRelabel(context);
  },
};

/** What label maps are read from; undefined where the network is not known. */
function headOf(spec: NetworkSpec | undefined, data: DataSetFacts): Result<PooledHead> | undefined {
  const network = spec && buildNetwork(spec, data);
  if (!network?.ok) return undefined;
  const images = input('images', [1, data.channels, data.height, data.width]);
  return networkHead(network.value, images, networkInputs(network.value));
}

/** Of the map before the last pooling; undefined where the network is not known or has none. */
function placesOf(spec: NetworkSpec | undefined, data: DataSetFacts): number | undefined {
  const head = headOf(spec, data);
  return head?.ok ? sizeOf(head.value.maps.shape.slice(2)) : undefined;
}

/** What a file holds is looked at by `import`. */
function headProblems(teacher: InputStage | undefined, data: DataSetFacts): InputProblem[] {
  if (teacher?.kind !== 'squeeze' && teacher?.kind !== 'pretrain') return [];
  const head = headOf(teacher.params.network as unknown as NetworkSpec | undefined, data);
  if (!head || head.ok) return [];
  const message = `Label maps are read where a network averages its maps over the whole image before one linear layer; of \`${teacher.name}\`, ${head.error.message}: take a \`resnet\` or a \`convnet\` with \`head: globalAverage\`, or label \`views\`.`;
  return [{ path: ['teacher', 0], message, against: { role: 'teacher[0]', path: ['network'] } }];
}

/** Images of a set that says how many of each class it makes. */
function countOf(images: JsonObject | undefined, data: Pick<DataSetFacts, 'classes'> | undefined): number | undefined {
  const perClass = images?.imagesPerClass;
  return data && typeof perClass === 'number' ? perClass * data.classes : undefined;
}

function countProblems({ name, kind, params }: InputStage): InputProblem[] {
  if (typeof params.imagesPerClass === 'number') return [];
  const message = `Maps are split by images, but how many \`${name}\` makes (\`stage: ${kind}\`) is not known before it runs: leave \`imagesPerShard\` out.`;
  return [{ path: ['imagesPerShard'], message }];
}

const lengthOf = ([from, to]: Range): number => to - from;

function viewsProblems({ keep, renormalise, mix, mixAlpha, minimumArea, maximumArea }: JsonObject): RuleProblem[] {
  return [
    ...((minimumArea as number) > (maximumArea as number)
      ? [
          {
            path: ['maximumArea'],
            message: `A crop is at least \`minimumArea\`, ${String(minimumArea)} of the image, and cannot be ${String(maximumArea)} at most.`,
          },
        ]
      : []),
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

function splitProblems({ imagesPerShard }: JsonObject): RuleProblem[] {
  if (imagesPerShard === 0) return [];
  const message = '`imagesPerShard` is of `mode: maps`; views are split by `epochsPerShard`.';
  return [{ path: ['imagesPerShard'], message }];
}

/** What ReLabel's maps are: scores of the likeliest classes, pooled over the crops of students. */
function mapsProblems(params: JsonObject): RuleProblem[] {
  const wanted: Readonly<Record<string, Json>> = {
    crop: 'resized',
    mix: 'none',
    keep: 'topk',
    statistics: 'running',
    epochsPerShard: 0,
    // Scores are stored, and pooled to probabilities as they are.
    temperature: 1,
    renormalise: false,
  };
  return Object.entries(wanted).flatMap(([name, value]) =>
    params[name] === value
      ? []
      : [
          {
            path: [name],
            message: `Label maps go with \`${name}: ${String(value)}\`, not \`${String(params[name])}\`.`,
          },
        ],
  );
}

/** Crops and mixes are of pixels. */
function whitened(role: string, { name, inputs }: InputStage): InputProblem[] {
  if (!inputs.whitening) return [];
  const message = `Views are labelled as pixels, but \`${name}\` is whitened: give it no \`whitening\`.`;
  const [, list, index] = /^(.*)\[(\d+)\]$/.exec(role) ?? [];
  return [{ path: list === undefined ? [role] : [list, Number(index)], message }];
}
