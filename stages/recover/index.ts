/** Images optimised from noise until a trained, frozen network takes them for their classes and for its training data. */
import type { InputProblem, InputStage, RuleProblem, StageKind } from '../stage.ts';
import { recoverParameters } from './parameters.ts';

export const recover: StageKind = {
  kind: 'recover',
  version: 1,
  description: 'Recovers images from a trained network and its batch norm statistics (SRe2L, CDA).',
  parameters: { type: 'object', properties: recoverParameters, required: ['imagesPerClass'] },
  inputs: {
    teacher: {
      type: 'network',
      required: true,
      description: 'The network that images are recovered from, with batch norm: of a stage `squeeze` or `pretrain`.',
    },
  },
  outputs: { images: { type: 'synthetic-set', description: 'The recovered images, sorted by class.' } },
  replicates: ['set'],
  usesData: true,
  threads: 2,
  rules: ({ crop, curriculum }) => curriculumProblems(crop as boolean, curriculum as string),
  inputRules: (_, { teacher }) => (teacher ? teacherProblems(teacher) : []),
  async open(context) {
    return (await import('./run.ts')).openRecover(context);
  },
};

function curriculumProblems(crop: boolean, curriculum: string): RuleProblem[] {
  if (crop || curriculum === 'none') return [];
  const message = `\`curriculum: ${curriculum}\` is a course of the crops, but \`crop\` is false.`;
  return [{ path: ['curriculum'], message }];
}

/** What the experiment says of the teacher before it is trained; `run.ts` looks at the file itself. */
function teacherProblems(teacher: InputStage): InputProblem[] {
  if (teacher.kind !== 'squeeze' && teacher.kind !== 'pretrain') return [];
  if (teacher.inputs.whitening) {
    const message = `Images are recovered as pixels, but the teacher \`${teacher.name}\` sees whitened ones: give it no \`whitening\`.`;
    return [{ path: ['teacher'], message }];
  }
  const network = (teacher.params.network ?? {}) as { kind?: string; norm?: string };
  if (network.norm === 'batch') return [];
  const message = `The teacher \`${teacher.name}\` has no batch norm, whose statistics images are recovered from: give it \`network: {kind: convnet, norm: batch}\` or a \`resnet\`, \`vgg\` or \`alexnet\` with \`norm: batch\`.`;
  return [{ path: ['teacher'], message, against: { role: 'teacher', path: ['network'] } }];
}
