/** Images optimised from noise until trained, frozen networks take them for their classes and for their training data. */
import type { JsonObject } from '../../base/json.ts';
import { bytesOfImages, bytesOfSet, MOST_IN_ONE, type PlannedSet } from '../bytes/set.ts';
import { listOf } from '../input-roles.ts';
import { hasBatchNorm } from '../network-parameter.ts';
import { type Range, rangesOf } from '../shards.ts';
import type { InputProblem, InputStage, RuleProblem, ShardedData, StageKind } from '../stage.ts';
import { defaultsOf, methodProblems, paddingProblems, recoverParameters } from './parameters.ts';

export const recover: StageKind = {
  kind: 'recover',
  version: 2,
  description: 'Recovers images from trained networks and the statistics of their layers (SRe2L, CDA, G-VBSM).',
  parameters: { type: 'object', properties: recoverParameters, required: ['imagesPerClass'] },
  inputs: {
    teacher: {
      type: 'network',
      required: true,
      many: true,
      description:
        'The network that images are recovered from, with batch norm: of a stage `squeeze`, `pretrain` or `import`. `g-vbsm`: several, in turn.',
    },
    statistics: {
      type: 'statistics',
      required: false,
      many: true,
      description: '`g-vbsm`: what enters the convolutions of all teachers on real images, of a stage `statistics`.',
    },
  },
  figures: ['loss', 'batchNorm'],
  outputs: { images: { type: 'synthetic-set', description: 'The recovered images, sorted by class.' } },
  replicates: ['set'],
  usesData: true,
  threads: 2,
  defaults: defaultsOf,
  splitting: ['classesPerShard'],
  shards: ({ classesPerShard }, data) =>
    data && (classesPerShard as number) > 0
      ? rangesOf(data.classes, classesPerShard as number).map((classes) => ({ classes }))
      : [],
  bytes: (params, _, set, shard) => set && bytesOfSet(planned(params, set, shard)),
  // Batches of a set that is a file a class.
  passingBytes(params, set, shard) {
    const images = set ? bytesOfImages(planned(params, set, shard)) : 0;
    return images > MOST_IN_ONE.recovered ? images : 0;
  },
  rules: (params) => [
    ...curriculumProblems(params.crop as boolean, params.curriculum as string),
    ...methodProblems(params),
  ],
  dataRules: ({ padding }, data) => paddingProblems(padding as number, data),
  inputRules: ({ method }, inputs) => [
    ...countProblems(method as string, inputs),
    ...listOf(inputs, 'teacher').flatMap((teacher, index) => teacherProblems(teacher, index, method === 'g-vbsm')),
  ],
  async open(context) {
    return (await import('./run.ts')).openRecover(context);
  },
};

function planned({ imagesPerClass }: JsonObject, set: ShardedData, shard?: JsonObject): PlannedSet {
  const [from, to] = (shard?.classes ?? [0, set.classes]) as unknown as Range;
  const mostInOne = MOST_IN_ONE.recovered;
  return { set, classes: to - from, imagesPerClass: imagesPerClass as number, mostInOne };
}

function curriculumProblems(crop: boolean, curriculum: string): RuleProblem[] {
  if (crop || curriculum === 'none') return [];
  const message = `\`curriculum: ${curriculum}\` is a course of the crops, but \`crop\` is false.`;
  return [{ path: ['curriculum'], message }];
}

function countProblems(method: string, inputs: Readonly<Record<string, InputStage>>): InputProblem[] {
  const [teachers, statistics] = [listOf(inputs, 'teacher'), listOf(inputs, 'statistics')];
  if (method !== 'g-vbsm') {
    if (statistics.length > 0)
      return [
        { path: ['statistics'], message: `Method \`${method}\` reads no \`statistics\`: they are of \`g-vbsm\`.` },
      ];
    if (teachers.length < 2) return [];
    const message = `Method \`${method}\` recovers from one teacher, but ${teachers.length} are named: take \`method: g-vbsm\`.`;
    return [{ path: ['teacher', 1], message }];
  }
  if (statistics.length === 0) {
    const message =
      'Method `g-vbsm` needs `statistics: STAGE`, the name of a stage of kind `statistics` that reads the same teachers.';
    return [{ path: ['method'], message }];
  }
  const known = new Set(statistics.flatMap((stage) => listOf(stage.inputs, 'teacher').map(({ name }) => name)));
  return teachers.flatMap(({ name }, index) =>
    known.size === 0 || known.has(name)
      ? []
      : [
          {
            path: ['teacher', index],
            message: `\`statistics\` says nothing of the teacher \`${name}\`: let it read it too.`,
          },
        ],
  );
}

/** What the experiment says of the teacher before it is trained; `run.ts` looks at the file itself. */
function teacherProblems(teacher: InputStage, index: number, anyNorm: boolean): InputProblem[] {
  if (teacher.kind !== 'squeeze' && teacher.kind !== 'pretrain') return [];
  if (teacher.inputs.whitening) {
    const message = `Images are recovered as pixels, but the teacher \`${teacher.name}\` sees whitened ones: give it no \`whitening\`.`;
    return [{ path: ['teacher', index], message }];
  }
  if (anyNorm || hasBatchNorm((teacher.params.network ?? {}) as JsonObject)) return [];
  const message = `The teacher \`${teacher.name}\` has no batch norm, whose statistics images are recovered from: give it \`network: {kind: convnet, norm: batch}\` or a \`resnet\`, \`vgg\` or \`alexnet\` with \`norm: batch\`.`;
  return [{ path: ['teacher', index], message, against: { role: `teacher[${index}]`, path: ['network'] } }];
}
