/** What goes beside exported files: `dataset.json` for programs, `README.md` for people, `load.py` for PyTorch. */
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { formatSize } from '../../base/units.ts';
import { STEPS_FILE } from '../../stages/learned-steps.ts';
import { WHITENING_FILE } from '../../stages/whitening.ts';
import { readKey } from '../store/keys.ts';
import { expertsPy } from './experts-py.ts';
import type { ExportFormat } from './format-names.ts';
import type { Exported } from './formats.ts';
import { LOAD_PY } from './load-py.ts';
import { type ExportedSet, type ExportSource, paramsOf } from './source.ts';

export interface CardFacts {
  readonly source: ExportSource;
  readonly format: ExportFormat;
  readonly exported: Exported;
  readonly version: string;
}

export function besideFiles(facts: CardFacts): Map<string, Uint8Array> {
  const text = (content: string) => new TextEncoder().encode(content);
  const dataset = datasetJson(facts);
  const load = facts.exported.set ? LOAD_PY : expertsPy(facts.exported.files);
  return new Map([
    ['dataset.json', text(`${JSON.stringify(dataset, null, 2)}\n`)],
    ['README.md', text(readme(facts, load !== undefined))],
    ...(facts.format === 'safetensors' && load !== undefined ? ([['load.py', text(load)]] as const) : []),
  ]);
}

function datasetJson({ source, format, exported, version }: CardFacts): JsonObject {
  const { record, run, name } = source;
  const { set, pictures, files } = exported;
  const { stage, version: stageVersion, seed, numerics } = record.manifest;
  const digests = Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)]));
  return {
    schema: 'retort-export/1',
    format,
    node: name,
    key: record.key,
    ...(run && { run: run.id, experiment: run.plan.experiment.name, trainingData: run.plan.data as unknown as Json }),
    stage,
    stageVersion,
    params: paramsOf(source),
    seed: (seed ?? {}) as JsonObject,
    numerics: numerics as JsonObject,
    ...(set && {
      dataSet: set.dataSet,
      classes: [...set.classNames],
      shape: [...set.images.shape],
      imagesPerClass: perClass(exported),
      mean: [...set.mean],
      std: [...set.std],
      ...(set.whitening !== undefined && { whitening: set.whitening }),
      range: rangeOf(set.images.data),
      softLabels: set.softLabels !== undefined,
    }),
    ...(pictures && {
      eightBits: {
        largestError: pictures.largestError,
        meanError: pictures.meanError,
        clipped: pictures.clipped,
      },
    }),
    accuracies: accuraciesOf(source) as unknown as Json,
    madeBy: `retort ${version}`,
    files: digests,
  };
}

/** `loaded`: whether a script that reads the files goes with them. */
function readme(facts: CardFacts, loaded: boolean): string {
  const { source, format, exported } = facts;
  const { set, pictures, files } = exported;
  const { record, run, name } = source;
  const title = set ? `${set.title}, distilled` : name;
  const front = [
    '---',
    `pretty_name: ${JSON.stringify(title)}`,
    ...(set
      ? [
          'task_categories:',
          '- image-classification',
          'size_categories:',
          `- ${sizeCategory(set.images.shape[0] ?? 0)}`,
        ]
      : []),
    'tags:',
    ...(set ? ['- dataset-distillation'] : []),
    '- retort',
    ...(format === 'parquet'
      ? ['configs:', '- config_name: default', '  data_files:', '  - split: train', '    path: data/train-*']
      : []),
    '---',
  ];
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
  const about = set
    ? `${set.images.shape[0]} images of ${set.images.shape.slice(1).join(' x ')} in ${set.classNames.length} classes (${perClassText(exported)}), made from ${set.title} by the stage \`${record.manifest.stage}\`${methodOf(source)}.`
    : `What the stage \`${record.manifest.stage}\` has made.`;
  const accuracies = accuraciesOf(source);
  const lines = [
    ...front,
    '',
    `# ${title}`,
    '',
    about,
    '',
    `${files.size} file${files.size === 1 ? '' : 's'}, ${formatSize(bytes)}; \`dataset.json\` has parameters, seeds and the digest of each.`,
    '',
    ...(run
      ? [
          `From \`${name}\` of run \`${run.id}\` of the experiment “${run.plan.experiment.name}”, key \`${record.key}\`.`,
          '',
        ]
      : []),
    ...(accuracies.length > 0
      ? [
          '## Accuracy',
          '',
          'Networks trained on this set alone (with its exact float32 values), on the real test images:',
          '',
          '| node | accuracy |',
          '|---|---|',
          ...accuracies.map(({ node, accuracy }) => `| \`${node}\` | ${(100 * accuracy).toFixed(2)}% |`),
          '',
        ]
      : []),
    ...(set ? ['## Use', '', ...usage(format), ''] : []),
    ...(!set && loaded ? ['## Use', '', ...expertsUsage(), ''] : []),
    ...(pictures
      ? [
          '## Eight bits',
          '',
          `The pictures are rounded to bytes and clipped to black and white: the mean error is ${pictures.meanError.toPrecision(3)} and the largest ${pictures.largestError.toPrecision(3)} on a scale from 0 to 1; ${(100 * pictures.clipped).toFixed(1)}% of the values lie beyond it. Accuracies above are those of the exact values; \`--format safetensors\` exports these.`,
          '',
        ]
      : []),
    ...(set ? ['## Values', '', valuesOf(facts, set), ''] : []),
  ];
  return lines.join('\n');
}

function valuesOf(
  { format, exported: { files } }: CardFacts,
  { mean, std, whitening, softLabels, learningRate }: ExportedSet,
): string {
  const steps = files.has(STEPS_FILE)
    ? ` The images were learned together with steps on them: \`${STEPS_FILE}\` has the size (\`rates\`) and the images (\`order\`) of each, and shuffled they are worth little.`
    : '';
  const own = [
    ...(softLabels ? [' `soft_labels` [n, classes] take the place of the labels in training.'] : []),
    ...(learningRate === undefined
      ? []
      : [` \`learning_rate\`, ${learningRate}, is the step size that was learned with the images: train with it.`]),
  ].join('');
  if (whitening === undefined)
    return `\`mean\` ${JSON.stringify(mean)} and \`std\` ${JSON.stringify(std)} of each channel, pixels from 0 to 1: \`normalised = (pixel / 255 - mean) / std\`.${own}${steps}`;
  if (format !== 'safetensors')
    return 'The set was made of images whitened by ZCA; the pictures are taken out of that space. The exact values and the fit are exported by `--format safetensors`.';
  return `The images are whitened by ZCA: with \`mean\` [1, D], \`matrix\` and \`inverse\` [D, D] of \`${WHITENING_FILE}\`, fitted on the training images, \`whitened = (pixel / 255 - mean) @ matrix\` and \`pixel / 255 = whitened @ inverse + mean\`, an image being a row of D = C·H·W values. Networks trained on the set must see test images so too.${own}${steps}`;
}

function usage(format: ExportFormat): string[] {
  const code = {
    safetensors: [
      'from load import load',
      'images, labels, facts = load(".")  # float32 [n, C, H, W] as under Values, int64 [n]; facts["tensors"] has all else',
    ],
    imagefolder: ['from torchvision.datasets import ImageFolder', 'data = ImageFolder("train")'],
    png: ['# images/<number>.png in the order of the set; labels are in the other formats'],
    parquet: [
      'from datasets import load_dataset',
      'data = load_dataset("parquet", data_files="data/*.parquet", split="train")',
    ],
    onnx: [],
  }[format];
  return ['```python', ...code, '```'];
}

function expertsUsage(): string[] {
  return [
    '```python',
    'from load import load',
    'experts = load(".")  # experts[k][epoch]: the parameters of expert k after so many epochs, in the order of the network',
    '```',
    '',
    '`python load.py replay_buffer_0.pt` writes them as the released code of MTT and TESLA reads them.',
  ];
}

function methodOf(source: ExportSource): string {
  const { method } = paramsOf(source);
  return typeof method === 'string' ? ` with the method \`${method}\`` : '';
}

/** Undefined where classes have different numbers of images. */
function perClass({ set }: Exported): number | null {
  const counts = new Map<number, number>();
  for (const label of set?.labels.data ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [first, ...others] = new Set(counts.values());
  return first !== undefined && others.length === 0 && counts.size === set?.classNames.length ? first : null;
}

function perClassText(exported: Exported): string {
  const number = perClass(exported);
  return number === null ? 'of different numbers' : `${number} each`;
}

function rangeOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < values.length; at++) {
    low = Math.min(low, values[at] ?? low);
    high = Math.max(high, values[at] ?? high);
  }
  return [low, high];
}

function sizeCategory(images: number): string {
  return images < 1000 ? 'n<1K' : images < 10_000 ? '1K<n<10K' : images < 100_000 ? '10K<n<100K' : '100K<n<1M';
}

/** Of the nodes of the same run that read this one. */
function accuraciesOf({ store, run, node }: ExportSource): { node: string; accuracy: number }[] {
  if (!run || !node) return [];
  return run.plan.nodes
    .filter(({ inputs }) => Object.values(inputs).includes(node.id))
    .flatMap(({ id, key }) => {
      const accuracy = readKey(store, key)?.metrics.accuracy;
      return accuracy === undefined ? [] : [{ node: id, accuracy }];
    });
}
