/** Parameters of `evaluate` that are of training on soft labels, their defaults, and what must fit the labels. */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { InputProblem, InputStage, RuleProblem } from '../stage.ts';

const only = 'With `labels` only';

export const softParameters: Readonly<Record<string, JsonObject>> = {
  loss: {
    enum: ['hard', 'kl', 'mse'],
    default: 'hard',
    description:
      'What is learned. `hard`: the labels of the set by cross-entropy, on the protocol of the matching papers. With `labels`, `kl`: the teacher’s answers as distributions (SRe2L, CDA, FKD); `mse`: its logits, and the hard labels by `hardWeight` (G-VBSM).',
  },
  temperature: {
    ...{ type: 'number', exclusiveMinimum: 0 },
    description: `${only}: temperature of \`loss: kl\`; 20 unless given. FKD: 1.`,
    examples: [20, 1],
  },
  squaredTemperature: {
    type: 'boolean',
    description: `${only}: whether \`loss: kl\` is multiplied by the temperature's square, as SRe2L does on Tiny-ImageNet alone; false unless given.`,
  },
  hardWeight: {
    ...{ type: 'number', minimum: 0 },
    description: `${only}: weight of the hard labels in \`loss: mse\`; 0.1 unless given. CIFAR: 0.15.`,
    examples: [0.1, 0.15],
  },
  optimiser: {
    enum: ['adamw', 'sgd'],
    description: `${only}: how the student moves; adamw unless given. \`sgd\` has momentum 0.9.`,
  },
  weightDecay: {
    ...{ type: 'number', minimum: 0 },
    description: `${only}: weight decay of all parameters; 0.01 unless given.`,
    examples: [0.01, 1e-4],
  },
  schedule: {
    enum: ['cosine', 'constant'],
    description: `${only}: how the rate falls over the epochs; to 0 along half a cosine unless given.`,
  },
  warmUp: {
    ...{ type: 'integer', minimum: 0 },
    description: `${only}: epochs in which the rate rises; 0 unless given.`,
  },
  warmUpFrom: {
    ...{ type: 'number', minimum: 0, maximum: 1 },
    description: `${only}: share of the rate in the first epoch of \`warmUp\`; all of it is reached in the first after them, as by PyTorch's \`LinearLR\`. Unless given it rises by equal parts, and the last epoch of \`warmUp\` has all. SRe2L and CDA on Tiny-ImageNet: 0.01.`,
    examples: [0.01],
  },
  cropsPerImage: {
    ...{ type: 'integer', minimum: 1 },
    description: `${only}: views of an image in a batch, out of all that are stored of it, so that a pass is as many epochs; the last ones are seen view by view (FKD: 4). 1 unless given: epochs as they are stored. Of views that are not mixed.`,
    examples: [4],
  },
};

/** SRe2L's on ImageNet. Absent without soft labels, so that what was is named as it was. */
export function softDefaults({ loss, optimiser }: JsonObject): JsonObject {
  if (loss !== 'kl' && loss !== 'mse') return {};
  return {
    ...{ epochs: 300, augment: 'none', learningRate: optimiser === 'sgd' ? 0.1 : 0.001 },
    ...{ temperature: 20, squaredTemperature: false, hardWeight: 0.1, optimiser: 'adamw' },
    ...{ weightDecay: 0.01, schedule: 'cosine', warmUp: 0 },
  };
}

export function softProblems(params: JsonObject): RuleProblem[] {
  if (params.loss === 'hard') {
    const written = Object.keys(softParameters).filter((name) => name !== 'loss' && params[name] !== undefined);
    return written.map((name) => ({
      path: [name],
      message: `\`${name}\` is of training on soft labels: give \`labels\`, and \`loss: kl\` or \`mse\`.`,
    }));
  }
  const problems: RuleProblem[] = [];
  if (params.augment !== 'none')
    problems.push({ path: ['augment'], message: 'Soft labels are of the views that `relabel` drew: write `none`.' });
  if (params.learningRate === 'learned')
    problems.push({ path: ['learningRate'], message: 'Training on soft labels takes a number.' });
  if (params.steps === 'learned')
    problems.push({ path: ['steps'], message: 'Training on soft labels takes no learned steps.' });
  if ((params.warmUp as number) >= (params.epochs as number))
    problems.push({ path: ['warmUp'], message: 'The rate must have come up before the last epoch.' });
  if (params.warmUpFrom !== undefined && params.warmUp === 0)
    problems.push({ path: ['warmUpFrom'], message: 'Nothing rises: `warmUp` is 0.' });
  if ((params.cropsPerImage as number) > (params.epochs as number))
    problems.push({ path: ['cropsPerImage'], message: 'A pass cannot be longer than all `epochs`.' });
  return problems;
}

/** Before anything runs: labels of other images or another teacher, and forms that a loss cannot be taken on. */
export function softInputProblems(
  params: JsonObject,
  inputs: Readonly<Record<string, InputStage>>,
  written: ReadonlySet<string> = new Set(),
): InputProblem[] {
  const { labels, images, teacher, whitening } = inputs;
  const { loss, temperature } = params;
  if (!labels)
    return loss === 'hard'
      ? []
      : [{ path: ['loss'], message: `\`loss: ${String(loss)}\` is of soft labels: give \`labels\`.` }];
  if (loss === 'hard') return [{ path: ['labels'], message: 'To learn soft labels, write `loss: kl` or `loss: mse`.' }];
  const problems: InputProblem[] = [];
  if (whitening) problems.push({ path: ['whitening'], message: 'Soft labels are of pixels: give no `whitening`.' });
  if (written.has('batchSize')) problems.push(...batchProblems(params.batchSize as number, labels));
  problems.push(...lossProblems(loss as 'kl' | 'mse', written));
  if (labels.kind !== 'relabel') return problems;
  problems.push(...cropProblems(params.cropsPerImage as number | undefined, labels));
  const { images: labelled, ...others } = labels.inputs;
  if (images && labelled && !same(images, labelled))
    problems.push({
      path: ['labels'],
      message: `The labels of \`${labels.name}\` are of the images of \`${labelled.name}\`, not of \`${images.name}\`.`,
    });
  const [first, ...more] = Object.values(others);
  if (teacher && first && (more.length > 0 || !same(teacher, first)))
    problems.push({
      path: ['teacher'],
      message: `The labels of \`${labels.name}\` are by ${[first, ...more].map(({ name }) => `\`${name}\``).join(', ')}, not by \`${teacher.name}\`.`,
    });
  const { keep, temperature: stored } = labels.params;
  const against = (name: string) => ({ role: 'labels', path: [name] });
  if (loss === 'mse' && keep !== 'full')
    problems.push({
      path: ['loss'],
      message: `\`loss: mse\` takes logits, but \`${labels.name}\` keeps only \`${String(keep)}\`.`,
      against: against('keep'),
    });
  if (loss === 'kl' && keep !== 'full' && keep !== 'hard' && temperature !== stored)
    problems.push({
      path: ['temperature'],
      message: `\`${labels.name}\` keeps probabilities at temperature ${String(stored)}, but they would be learned at ${String(temperature)}.`,
      against: against('temperature'),
    });
  return problems;
}

const OF_LOSS = { kl: ['temperature', 'squaredTemperature'], mse: ['hardWeight'] } as const;

/** What the other loss has would change nothing but the name of the result. */
function lossProblems(loss: 'kl' | 'mse', written: ReadonlySet<string>): InputProblem[] {
  const other = loss === 'kl' ? 'mse' : 'kl';
  return OF_LOSS[other]
    .filter((name) => written.has(name))
    .map((name) => ({ path: [name], message: `\`${name}\` is of \`loss: ${other}\`, but the loss is \`${loss}\`.` }));
}

/** Views are mixed within the batches that they were labelled in, so that students take these. */
function batchProblems(batchSize: number, { name, kind, params }: InputStage): InputProblem[] {
  if (kind === 'relabel' && batchSize === params.batchSize) return [];
  const own = kind === 'relabel' ? `, ${String(params.batchSize)}` : '';
  const message = `Students take the batches in which \`${name}\` labelled its views${own}: leave \`batchSize\` out${own && `, or write ${String(params.batchSize)} there`}.`;
  return [{ path: ['batchSize'], message, ...(own && { against: { role: 'labels', path: ['batchSize'] } }) }];
}

/** Views of an image can only meet where each is labelled by itself, and where there are so many. */
function cropProblems(crops = 1, { name, params }: InputStage): InputProblem[] {
  const no = (message: string, parameter: string) => [
    { path: ['cropsPerImage'], message, against: { role: 'labels', path: [parameter] } },
  ];
  if (crops === 1) return [];
  if (params.mode === 'maps') return no(`\`${name}\` has label maps, of which students draw their own crops.`, 'mode');
  if (params.mix !== 'none')
    return no(`Views of \`${name}\` are mixed in their batches: label them by \`mix: none\`.`, 'mix');
  if (crops <= (params.epochs as number)) return [];
  return no(`\`${name}\` has ${String(params.epochs)} views of each image, fewer than ${crops}.`, 'epochs');
}

function same(a: InputStage, b: InputStage): boolean {
  return a.name === b.name || canonicalJson(madeBy(a)) === canonicalJson(madeBy(b));
}

function madeBy({ kind, params, inputs }: InputStage): Json {
  return {
    kind,
    params,
    inputs: Object.fromEntries(Object.entries(inputs).map(([role, stage]) => [role, madeBy(stage)])),
  };
}
