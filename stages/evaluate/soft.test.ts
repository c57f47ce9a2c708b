import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { roiAlign, softmax as softmax_, squeeze } from '../../tensor/ops/index.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, type Tensor } from '../../tensor/tensor.ts';
import { backendFor, openStage, runStage } from '../../test/rig/stage-runs.ts';
import { heldFiles } from '../held-files.ts';
import { distinct } from '../soft-labels/crops.ts';
import { viewStreams } from '../soft-labels/draws.ts';
import { pooledLabels } from '../soft-labels/pool-maps.ts';
import { type LabelledBatch, openSoftLabels } from '../soft-labels/read.ts';
import type { ArtifactFiles, InputStage } from '../stage.ts';
import { syntheticDigest } from '../synthetic-set.ts';
import { evaluate } from './index.ts';
import { courseOf } from './soft-course.ts';
import { type SoftLoss, softLoss } from './soft-loss.ts';

const network: JsonObject = { kind: 'convnet', width: 8, depth: 2, norm: 'batch' };
const student: JsonObject = { loss: 'kl', epochs: 40, learningRate: 0.01, network };
let images: ArtifactFiles;
let labels: ArtifactFiles;
let flatTeacher: ArtifactFiles;

beforeAll(async () => {
  images = (await runStage({ kind: 'select', params: { imagesPerClass: 5 } })).artifacts.images!;
  const params = { network, images: 2000, epochs: 6, batchSize: 50, augment: 'none' };
  const teacher = (await runStage({ kind: 'squeeze', params })).artifacts.network!;
  flatTeacher = teacher;
  const drawn = { epochs: 20, batchSize: 25, crop: 'padded', flip: false };
  labels = (await runStage({ kind: 'relabel', params: drawn, inputs: { images, teacher } })).artifacts.labels!;
});

const softmax = (logits: readonly number[], temperature: number) => {
  const powers = logits.map((value) => Math.exp(value / temperature));
  return powers.map((power) => power / powers.reduce((sum, value) => sum + value, 0));
};

it('takes the losses of the papers', async () => {
  const [s, t] = [
    [
      [1, 2, -1],
      [0, 0.5, 3],
    ],
    [
      [2, 1, 0],
      [-1, 0, 4],
    ],
  ] as const;
  const rows = (values: readonly (readonly number[])[]) => floats(values.flat(), [values.length, values[0]!.length]);
  const kept = { kind: 'views', keep: 'full', kept: 1, classes: 3, renormalised: false } as const;
  const of = async (loss: Partial<SoftLoss>, of: Parameters<typeof softLoss>[2], feeds: Record<string, Tensor>) => {
    const wanted = { kind: 'kl', temperature: 20, squared: false, hardWeight: 0.1, ...loss } as SoftLoss;
    const program = await compile(await backendFor('reference'), { loss: softLoss(input('s', [2, 3]), wanted, of) });
    const { loss: value } = await program.run({ s: rows(s), ...feeds });
    program.dispose();
    return value!.data[0]!;
  };
  const divergence = (temperature: number) =>
    t.reduce((sum, row, view) => {
      const [p, q] = [softmax(row, temperature), softmax(s[view]!, temperature)];
      return sum + p.reduce((total, share, label) => total + share * Math.log(share / q[label]!), 0) / 2;
    }, 0);
  expect(await of({}, kept, { logits: rows(t) })).toBeCloseTo(divergence(20), 8);
  expect(await of({ squared: true, temperature: 4 }, kept, { logits: rows(t) })).toBeCloseTo(16 * divergence(4), 6);
  const squares = t.flat().reduce((sum: number, value, index) => sum + (value - s.flat()[index]!) ** 2, 0) / 6;
  const hard = -(Math.log(softmax(s[0]!, 1)[1]!) + Math.log(softmax(s[1]!, 1)[2]!)) / 2;
  const given = { logits: rows(t), labels: ints([1, 2]) };
  expect(await of({ kind: 'mse', hardWeight: 0.15 }, kept, given)).toBeCloseTo(squares + 0.15 * hard, 6);
  // The likeliest class has 0.7 and 0.8, the other two share the rest.
  const smooth = { classes: ints([0, 2], [2, 1]), probabilities: floats([0.7, 0.8], [2, 1]) };
  const spread = [
    [0.7, 0.15, 0.15],
    [0.1, 0.1, 0.8],
  ];
  const soft = spread.reduce(
    (sum, p, view) => sum - p.reduce((total, share, c) => total + share * Math.log(softmax(s[view]!, 1)[c]!), 0) / 2,
    0,
  );
  expect(await of({ temperature: 1 }, { ...kept, keep: 'smooth' }, smooth)).toBeCloseTo(soft, 6);
});

it.each<[string, JsonObject]>([
  ['kl', {}],
  ['mse', { loss: 'mse' }],
  ['sgd, warmed up', { optimiser: 'sgd', warmUp: 2, temperature: 4, squaredTemperature: true, learningRate: 0.01 }],
])('a student learns from the labels (%s)', async (_, params) => {
  const { metrics, figures } = await runStage({
    kind: 'evaluate',
    params: { ...student, ...params },
    inputs: { images, labels },
  });
  expect(figures).toHaveLength(40);
  expect(figures.at(-1)!.loss!).toBeLessThan(figures[0]!.loss!);
  expect(metrics.accuracy).toBeGreaterThan(0.3);
});

it('warms up from where it is told: from all of the rate is no warm-up', async () => {
  const resultOf = async (params: JsonObject) =>
    (await runStage({ kind: 'evaluate', params: { ...student, epochs: 4, ...params }, inputs: { images, labels } }))
      .metrics;
  const constant = { schedule: 'constant', optimiser: 'sgd', learningRate: 0.01 };
  const cold = await resultOf(constant);
  expect(await resultOf({ ...constant, warmUp: 3, warmUpFrom: 1 })).toEqual(cold);
  const slowly = await resultOf({ ...constant, warmUp: 3, warmUpFrom: 0.01 });
  expect(slowly).not.toEqual(cold);
  expect(slowly).not.toEqual(await resultOf({ ...constant, warmUp: 3 }));
});

it('learns from label maps, which are pooled as RoIAlign does', async () => {
  const stream = randomStream({ base: 3 }, 'maps');
  const [rows, kept, classes, side] = [2, 4, 4, 5];
  const scores = floats(Float32Array.from(stream.normal(0, rows * kept * side * side)), [rows, kept, side, side]);
  // All four classes are kept, each in its own table: the maps as they are.
  const indices = ints(
    Array.from({ length: scores.data.length }, (_, at) => Math.floor(at / (side * side)) % classes),
    scores.shape,
  );
  const boxes = [0.1, 0.3, 0.55, 0.2, 0, 0, 1, 1];
  const corners = boxes.flatMap((_, at) =>
    at % 4 > 0 ? [] : [boxes[at + 1]!, boxes[at]!, boxes[at + 1]! + boxes[at + 3]!, boxes[at]! + boxes[at + 2]!],
  );
  const cells = floats(
    corners.map((corner) => corner * side - 0.5),
    [rows, 4],
  );
  const pooled = squeeze(roiAlign(input('maps', scores.shape), input('cells', [rows, 4]), { size: [1, 1] }), [2, 3]);
  const program = await compile(await backendFor('reference'), { label: softmax_(pooled) });
  const { label } = await program.run({ maps: scores, cells });
  program.dispose();
  const ours = pooledLabels({ classes: indices, scores }, boxes, classes);
  for (const [at, value] of label!.data.entries()) expect(ours.data[at]!).toBeCloseTo(value, 5);

  const global = { ...network, head: 'globalAverage' };
  const params = { network: global, images: 2000, epochs: 6, batchSize: 50, augment: 'none' };
  const teacher = (await runStage({ kind: 'squeeze', params })).artifacts.network!;
  const drawn = { mode: 'maps', batchSize: 25, kept: 10, minimumArea: 0.5 };
  const maps = (await runStage({ kind: 'relabel', params: drawn, inputs: { images, teacher } })).artifacts.labels!;
  expect(Object.keys(maps)).toEqual(['maps-00000.safetensors']);
  const learning = { ...student, temperature: 1 };
  const { figures } = await runStage({ kind: 'evaluate', params: learning, inputs: { images, labels: maps } });
  expect(figures.at(-1)!.loss!).toBeLessThan(0.9 * figures[0]!.loss!);
  const flat = runStage({ kind: 'relabel', params: drawn, inputs: { images, teacher: flatTeacher } });
  await expect(flat).rejects.toMatchObject({ failure: { code: 'TEACHER_WITHOUT_MAPS' } });
});

it('sees several crops of an image in a batch, and the last epochs crop by crop', async () => {
  const drawn = { epochs: 6, batchSize: 25, crop: 'padded', flip: false, mix: 'none', keep: 'topk', kept: 3 };
  const inputs = { images, teacher: flatTeacher };
  const unmixed = (await runStage({ kind: 'relabel', params: drawn, inputs })).artifacts.labels!;
  const facts = { set: 'fashion-mnist', classes: 10, height: 28, width: 28, count: 50 };
  const wanted = { ...facts, images: syntheticDigest(heldFiles(images)) };
  const soft = unwrap(openSoftLabels(heldFiles(unmixed), wanted));
  const course = courseOf(soft, viewStreams({ base: 1 }, 'evaluate'), { epochs: 14, crops: 4 });
  // As the published loop has it: passes at epochs 0, 4 and 8, and from 12 on one epoch each.
  const passes = Array.from({ length: course.passes }, (_, index) => course.pass(index));
  expect(passes.map(({ epoch }) => epoch)).toEqual([0, 4, 8, 12, 13]);
  expect(passes.map(({ batches }) => batches)).toEqual([8, 8, 8, 2, 2]);
  expect(passes.map(({ before }) => before)).toEqual([0, 8, 16, 24, 26]);
  expect(passes.map(({ views }) => views)).toEqual([200, 200, 200, 50, 50]);
  const batches = Array.from({ length: 8 }, (_, index) => passes[1]!.batch(index));
  expect(batches.map(({ images: own, order }) => [own!.length, order.length])).toEqual([
    ...Array(7).fill([7, 28]),
    [1, 4],
  ]);
  expect(batches.flatMap(({ images: own }) => [...own!]).sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  // Each view is one that is stored, with its labels, and none is there twice.
  const stored = Array.from({ length: 6 }, (_, epoch) => [0, 1].map((index) => soft.batch(epoch, index))).flat();
  const told = (batch: LabelledBatch) =>
    Array.from(batch.order, (image, row) =>
      [
        image,
        ...batch.box.subarray(4 * row, 4 * row + 4),
        ...batch.probabilities!.data.slice(3 * row, 3 * row + 3),
      ].join(),
    );
  const known = new Set(stored.flatMap(told));
  const seen = batches.flatMap(told);
  expect(seen.filter((view) => !known.has(view))).toEqual([]);
  expect(batches[0]!.order.slice(0, 8)).toEqual(
    Int32Array.from([...Array(4).fill(batches[0]!.images![0]), ...Array(4).fill(batches[0]!.images![1])]),
  );
  for (const [crops, bound] of [
    [4, 6],
    [6, 6],
    [1, 1],
  ] as const) {
    const uniform = randomStream({ base: 2 }, 'crops').uniform(0, 100 * crops);
    const counts = new Array<number>(bound).fill(0);
    for (let at = 0; at < 100; at++) {
      const chosen = distinct(uniform.subarray(at * crops, (at + 1) * crops), bound);
      expect(new Set(chosen).size).toBe(crops);
      for (const epoch of chosen) counts[epoch]!++;
    }
    for (const count of counts) expect(Math.abs(count - (100 * crops) / bound)).toBeLessThan(25);
  }
  const learning = { ...student, temperature: 1, cropsPerImage: 4 };
  const { metrics, figures } = await runStage({
    kind: 'evaluate',
    params: learning,
    inputs: { images, labels: unmixed },
  });
  expect(figures).toHaveLength(9 + 4);
  expect(figures.at(-1)!.loss!).toBeLessThan(figures[0]!.loss!);
  expect(metrics.accuracy).toBeGreaterThan(0.3);
  const mixed = openStage({ kind: 'evaluate', params: { ...student, cropsPerImage: 2 }, inputs: { images, labels } });
  await expect(mixed).rejects.toMatchObject({ failure: { code: 'SOFT_LABELS_FOREIGN' } });
});

it('refuses labels of other images before it begins', async () => {
  const others = (await runStage({ kind: 'select', params: { imagesPerClass: 5 }, seed: { base: 5 } })).artifacts
    .images!;
  const opened = openStage({ kind: 'evaluate', params: student, inputs: { images: others, labels } });
  await expect(opened).rejects.toMatchObject({ failure: { code: 'SOFT_LABELS_FOREIGN' } });
});

it('finds in the experiment what does not go together', () => {
  const stage = (
    name: string,
    kind: string,
    params: JsonObject = {},
    inputs: InputStage['inputs'] = {},
  ): InputStage => ({
    ...{ name, kind, params, inputs },
  });
  const [a, b] = [stage('a', 'select', { imagesPerClass: 1 }), stage('b', 'select', { imagesPerClass: 2 })];
  const teacher = stage('t', 'squeeze');
  const labelsOf = (params: JsonObject = { keep: 'full' }) =>
    stage('l', 'relabel', params, { images: a, 'teacher[0]': teacher });
  const soft = { loss: 'kl', temperature: 20 };
  const problems = (params: JsonObject, inputs: Record<string, InputStage>) =>
    evaluate.inputRules!({ ...params }, inputs, new Set(Object.keys(params))).map(({ path, message }) => [
      path.join('.'),
      message,
    ]);
  expect(problems(soft, { images: a, labels: labelsOf(), teacher })).toEqual([]);
  expect(problems(soft, { images: b, labels: labelsOf() })).toEqual([
    ['labels', 'The labels of `l` are of the images of `a`, not of `b`.'],
  ]);
  expect(problems(soft, { images: a, labels: labelsOf(), teacher: stage('u', 'squeeze', { epochs: 2 }) })[0]![0]).toBe(
    'teacher',
  );
  expect(problems(soft, { images: a })[0]![0]).toBe('loss');
  expect(problems({ loss: 'hard' }, { images: a, labels: labelsOf() })[0]![0]).toBe('labels');
  const batched = { images: a, labels: labelsOf({ keep: 'full', batchSize: 25 }) };
  expect(problems({ ...soft, batchSize: 25 }, batched)).toEqual([]);
  expect(problems({ ...soft, batchSize: 256 }, batched)).toEqual([
    [
      'batchSize',
      'Students take the batches in which `l` labelled its views, 25: leave `batchSize` out, or write 25 there.',
    ],
  ]);
  const crops = (params: JsonObject) =>
    problems({ ...soft, cropsPerImage: 4 }, { images: a, labels: labelsOf({ keep: 'full', ...params }) })[0]?.[1];
  expect(crops({ mix: 'none', epochs: 4 })).toBeUndefined();
  expect(crops({ mix: 'none', epochs: 3 })).toBe('`l` has 3 views of each image, fewer than 4.');
  expect(crops({ mix: 'cutmix', epochs: 4 })).toMatch(/label them by `mix: none`/);
  expect(crops({ mode: 'maps', mix: 'none', epochs: 4 })).toMatch(/label maps/);
  expect(problems({ ...soft, hardWeight: 0.1 }, { images: a, labels: labelsOf() })).toEqual([
    ['hardWeight', '`hardWeight` is of `loss: mse`, but the loss is `kl`.'],
  ]);
  const squared = { loss: 'mse', hardWeight: 0.1, squaredTemperature: true };
  expect(problems(squared, { images: a, labels: labelsOf() })).toEqual([
    ['squaredTemperature', '`squaredTemperature` is of `loss: kl`, but the loss is `mse`.'],
  ]);
  // Of a program nobody knows them beforehand.
  expect(problems({ ...soft, batchSize: 25 }, { images: a, labels: stage('l', 'command') })[0]![0]).toBe('batchSize');
  const topk = { keep: 'topk', temperature: 1 };
  expect(problems(soft, { images: a, labels: labelsOf(topk) })[0]![0]).toBe('temperature');
  expect(problems({ loss: 'mse' }, { images: a, labels: labelsOf(topk) })[0]![0]).toBe('loss');
  expect(
    evaluate.rules!({ loss: 'hard', temperature: 3, network: { kind: 'convnet' }, augment: 'none' })[0]!.path,
  ).toEqual(['temperature']);
});
