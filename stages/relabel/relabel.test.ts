/**
 * Labels as they are made and read back: views, maps, shards, teachers of ours and foreign ones. Long because all ways of
 * labelling are held against one pair of teachers, which are trained once.
 */
import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { normalised } from '../../data/normalise.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { decodeTeacher, encodeTeacher } from '../../nn/onnx/teacher.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { ints } from '../../tensor/tensor.ts';
import { openStage, runStage, stepsFrom } from '../../test/rig/stage-runs.ts';
import { heldFiles } from '../held-files.ts';
import { BETA_DRAWS, betaFrom } from '../soft-labels/beta.ts';
import { batchOf, drawViews, viewStreams } from '../soft-labels/draws.ts';
import { bytesOfView } from '../soft-labels/format.ts';
import { openSoftLabels, type WantedLabels } from '../soft-labels/read.ts';
import type { ArtifactFiles } from '../stage.ts';
import { syntheticDigest, syntheticSetFile } from '../synthetic-set.ts';
import { relabel as stage } from './index.ts';

const network: JsonObject = { kind: 'convnet', width: 6, depth: 2, norm: 'batch' };
let images: ArtifactFiles;
let teacher: ArtifactFiles;
let other: ArtifactFiles;
let wanted: WantedLabels;

beforeAll(async () => {
  images = (await runStage({ kind: 'select', params: { imagesPerClass: 3 } })).artifacts.images!;
  const of = async (epochs: number) => {
    const params = { network, images: 1000, epochs, batchSize: 50, augment: 'none' };
    return (await runStage({ kind: 'squeeze', params })).artifacts.network!;
  };
  [teacher, other] = [await of(3), await of(1)];
  const facts = { set: 'fashion-mnist', classes: 10, height: 28, width: 28, count: 30 };
  wanted = { ...facts, images: syntheticDigest(heldFiles(images)) };
});

const relabel = async (params: JsonObject = {}, more: Readonly<Record<string, ArtifactFiles>> = { teacher }) =>
  (await runStage({ kind: 'relabel', params: { epochs: 2, batchSize: 12, ...params }, inputs: { images, ...more } }))
    .artifacts.labels!;

it('labels every image once an epoch, in batches that stay together, and reads them back by parts', async () => {
  const files = await relabel();
  expect(Object.keys(files)).toEqual(['views-00000.safetensors', 'views-00001.safetensors']);
  const labels = unwrap(openSoftLabels(heldFiles(files), wanted));
  expect([labels.epochs, labels.batches()]).toEqual([2, 3]);
  const batches = [0, 1, 2].map((index) => labels.batch(1, index));
  expect(batches.map(({ order }) => order.length)).toEqual([12, 12, 6]);
  expect(batches.flatMap(({ order }) => [...order]).sort((a, b) => a - b)).toEqual([...Array(30).keys()]);
  for (const { partner, logits } of batches) {
    expect([...partner].sort((a, b) => a - b)).toEqual([...partner.keys()]);
    expect(logits!.shape).toEqual([partner.length, 10]);
  }
  expect(batches.some(({ mixBox: [top, left, bottom, right] }) => (bottom! - top!) * (right! - left!) > 0)).toBe(true);
});

it('says what the teacher says to the whole image where nothing is changed', async () => {
  const still = { crop: 'none', flip: false, mix: 'none', epochs: 1, precision: 'float32' };
  const [full, hard] = [await relabel(still), await relabel({ ...still, keep: 'hard' })];
  const labels = unwrap(openSoftLabels(heldFiles(full), wanted)).batch(0, 0);
  const hardened = unwrap(openSoftLabels(heldFiles(hard), wanted)).batch(0, 0);
  const likeliest = Array.from({ length: 12 }, (_, row) => {
    const logits = labels.logits!.data.slice(10 * row, 10 * row + 10);
    return logits.indexOf(Math.max(...logits));
  });
  expect([...hardened.classes!.data]).toEqual(likeliest);
  const right = likeliest.filter((label, row) => label === Math.floor(labels.order[row]! / 3));
  expect(right.length).toBeGreaterThan(6);
});

it('gives several teachers one voice', async () => {
  const still = { epochs: 1, precision: 'float32' };
  const of = async (more: Record<string, ArtifactFiles>) =>
    unwrap(openSoftLabels(heldFiles(await relabel(still, more)), wanted)).batch(0, 2).logits!.data;
  const [one, two, both] = [
    await of({ 'teacher[0]': teacher }),
    await of({ 'teacher[0]': other }),
    await of({ 'teacher[0]': teacher, 'teacher[1]': other }),
  ];
  for (const index of both.keys()) expect(both[index]!).toBeCloseTo((one[index]! + two[index]!) / 2, 4);
});

it('views depend on neither the images nor the teacher', async () => {
  const real = (await runStage({ kind: 'select', params: { imagesPerClass: 3 }, seed: { base: 7 } })).artifacts.images!;
  const files = [await relabel(), await relabel({}, { images: real, teacher: other })];
  const drawn = files.map((labels, index) => {
    const of = index === 0 ? images : real;
    const { logits, ...rest } = unwrap(
      openSoftLabels(heldFiles(labels), { ...wanted, images: syntheticDigest(heldFiles(of)) }),
    ).batch(1, 1);
    return rest;
  });
  expect(drawn[0]).toEqual(drawn[1]);
});

it.each([
  { keep: 'full' },
  { keep: 'topk', kept: 3 },
  { keep: 'smooth' },
  { keep: 'hard', mix: 'none' },
  { keep: 'topk', precision: 'float32', mix: 'mixup' },
])('takes as many bytes as were estimated: %s', async (params) => {
  const sizes = { kept: 5, precision: 'float16', mix: 'cutmix', classes: 10, ...params };
  if (sizes.keep !== 'topk') sizes.kept = 1;
  const files = await relabel({ ...params, epochs: 1 });
  const bytes = files['views-00000.safetensors']!.length;
  const rows = 30 * bytesOfView(sizes as Parameters<typeof bytesOfView>[0]);
  expect(bytes - rows).toBeGreaterThan(0);
  expect(bytes - rows).toBeLessThan(1500);
});

it('takes as many bytes of maps as were estimated from the network of its teacher', async () => {
  const global: JsonObject = { ...network, head: 'globalAverage' };
  const squeezed = { network: global, images: 200, epochs: 1, batchSize: 50, augment: 'none' };
  const mapped = (await runStage({ kind: 'squeeze', params: squeezed })).artifacts.network!;
  const params = { mode: 'maps', mix: 'none', keep: 'topk', kept: 4, precision: 'float16' };
  const bytes = (await relabel(params, { teacher: mapped }))['maps-00000.safetensors']!.length;
  const data = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const read = { images: { imagesPerClass: 3 }, teacher: { network: global } };
  const said = stage.bytes!({ ...params, epochs: 300 }, read, data)!;
  expect(bytes - said).toBeGreaterThan(0);
  expect(bytes - said).toBeLessThan(1500);
  expect(stage.bytes!({ ...params, epochs: 300 }, { ...read, teacher: {} }, data)).toBeUndefined();
  expect(stage.bytes!({ ...params, epochs: 300 }, { ...read, teacher: { network } }, data)).toBeUndefined();
});

it('tells a file cut short, one that is missing, other images, another teacher and other classes', async () => {
  const files = await relabel();
  const [first, second] = Object.values(files) as [Uint8Array, Uint8Array];
  const open = (given: ArtifactFiles, want: Partial<WantedLabels> = {}) => {
    const opened = openSoftLabels(heldFiles(given), { ...wanted, ...want });
    return opened.ok ? 'ok' : [opened.error.code, opened.error.message];
  };
  expect(open(files)).toBe('ok');
  expect(open({ 'views-00000.safetensors': first, 'views-00001.safetensors': second.slice(0, -100) })).toEqual([
    'SOFT_LABELS_DAMAGED',
    expect.stringMatching(/views-00001.safetensors are damaged or were cut short/),
  ]);
  expect(open({ 'views-00001.safetensors': second })[0]).toBe('SOFT_LABELS_MISSING');
  expect(open({})[0]).toBe('SOFT_LABELS_NONE');
  expect(open(files, { images: 'f'.repeat(64) })).toEqual([
    'SOFT_LABELS_FOREIGN',
    expect.stringMatching(/other images/),
  ]);
  expect(open(files, { teachers: ['f'] })).toEqual(['SOFT_LABELS_FOREIGN', expect.stringMatching(/another teacher/)]);
  expect(open(files, { classes: 11 })).toEqual(['SOFT_LABELS_FOREIGN', expect.stringMatching(/over 10 classes/)]);
  const mixed = await relabel({}, { teacher: other });
  expect(open({ ...files, 'views-00001.safetensors': mixed['views-00001.safetensors']! })[1]).toMatch(/other labels/);
});

it('makes an epoch again whose file has gone, and keeps a small state', async () => {
  const params = { epochs: 3, batchSize: 30 };
  const whole = await relabel(params);
  const { run } = await openStage({ kind: 'relabel', params, inputs: { images, teacher } });
  const end = await stepsFrom(run, 0, await run.init());
  expect(end.tensors).toEqual({});
  expect(JSON.stringify(end.values).length).toBeLessThan(500);
  expect((await run.finish(end)).artifacts.labels).toEqual(whole);
  run.close?.();
});

it('makes the very files in shards of epochs, and the mean of what the teacher agreed with', async () => {
  const whole = await runStage({ kind: 'relabel', params: { epochs: 5, batchSize: 12 }, inputs: { images, teacher } });
  const params = { epochs: 5, batchSize: 12, epochsPerShard: 2 };
  const shards = stage.shards!({ ...params }, undefined);
  expect(shards).toEqual([{ epochs: [0, 2] }, { epochs: [2, 4] }, { epochs: [4, 5] }]);
  const parts = [];
  for (const shard of shards)
    parts.push({ shard, ...(await runStage({ kind: 'relabel', params, inputs: { images, teacher }, shard })) });
  expect(Object.keys(parts[1]!.artifacts.labels!)).toEqual(['views-00002.safetensors', 'views-00003.safetensors']);
  expect(Object.assign({}, ...parts.map(({ artifacts }) => artifacts.labels))).toEqual(whole.artifacts.labels);
  expect(stage.joinMetrics!(parts).agreement).toBeCloseTo(whole.metrics.agreement!, 12);
});

it('keeps large epochs in files of some batches, which are read back as one', async () => {
  const [count, batchSize] = [16_500, 128];
  const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const pixels = normalised(
    set,
    set.train,
    Int32Array.from({ length: count }, (_, index) => index % 8000),
  );
  const labelled = { images: pixels, labels: ints(new Int32Array(count)) };
  const large = syntheticSetFile(labelled, set);
  const params = { epochs: 2, batchSize, keep: 'hard', mix: 'mixup' };
  const made = (await runStage({ kind: 'relabel', params, inputs: { images: large, teacher } })).artifacts.labels!;
  expect(Object.keys(made)).toEqual(
    ['00000-00000', '00000-00001', '00001-00000', '00001-00001'].map((name) => `views-${name}.safetensors`),
  );
  const want = { ...wanted, count, images: syntheticDigest(heldFiles(large)) };
  const labels = unwrap(openSoftLabels(heldFiles(made), want));
  expect([labels.epochs, labels.batches()]).toEqual([2, 129]);
  const settings = { ...labels.facts, count };
  const whole = drawViews(viewStreams({ base: 1, set: 1 }, 'relabel'), 1, settings);
  for (const index of [0, 127, 128]) {
    const { classes, ...views } = labels.batch(1, index);
    expect(views).toEqual(batchOf(whole, index, settings));
    expect(classes!.shape).toEqual([views.order.length, 1]);
  }
  const { 'views-00000-00001.safetensors': _, ...holed } = made;
  const opened = openSoftLabels(heldFiles(holed), want);
  expect(opened.ok ? 'ok' : opened.error).toMatchObject({
    code: 'SOFT_LABELS_MISSING',
    message: 'The labels of epoch 0 are missing from view 16384 on.',
  });
});

it('labels by a network that another program wrote', async () => {
  const text = Buffer.from(teacher['network.onnx']!).toString('latin1');
  const foreign = {
    'network.onnx': Uint8Array.from(Buffer.from(text.replace('retort.network', 'others.network'), 'latin1')),
  };
  const params = { epochs: 1, precision: 'float32' };
  const of = async (given: Record<string, ArtifactFiles>, more: JsonObject = {}) =>
    unwrap(openSoftLabels(heldFiles(await relabel({ ...params, ...more }, given)), wanted)).batch(0, 2).logits!.data;
  const [own, theirs, both] = [
    await of({ teacher }),
    await of({ teacher: foreign }),
    await of({ 'teacher[0]': foreign, 'teacher[1]': other }),
  ];
  const second = await of({ teacher: other });
  for (const index of own.keys()) {
    expect(theirs[index]!).toBeCloseTo(own[index]!, 4);
    expect(both[index]!).toBeCloseTo((own[index]! + second[index]!) / 2, 4);
  }
  await expect(of({ teacher: foreign }, { statistics: 'batch' })).rejects.toMatchObject({
    failure: { code: 'TEACHER_FOREIGN', help: expect.stringContaining('statistics: running') as string },
  });
  const maps = { mode: 'maps', mix: 'none', keep: 'topk' };
  await expect(of({ teacher: foreign }, maps)).rejects.toMatchObject({ failure: { code: 'TEACHER_WITHOUT_MAPS' } });
});

/** A file of ours without what says that it is ours. */
function foreignOf(files: ArtifactFiles): ArtifactFiles {
  const text = Buffer.from(files['network.onnx']!).toString('latin1');
  return { 'network.onnx': Uint8Array.from(Buffer.from(text.replace('retort.network', 'others.network'), 'latin1')) };
}

it('maps of a network that another program wrote are those of the network', async () => {
  const squeezed = { network: { ...network, head: 'globalAverage' }, images: 400, epochs: 2, batchSize: 50 };
  const mapped = (await runStage({ kind: 'squeeze', params: { ...squeezed, augment: 'none' } })).artifacts.network!;
  const params = { mode: 'maps', mix: 'none', keep: 'topk', kept: 10, precision: 'float32' };
  const of = async (given: ArtifactFiles) =>
    unwrap(openSoftLabels(heldFiles(await relabel(params, { teacher: given })), wanted)).maps([0, 7, 29]);
  const [own, theirs] = [await of(mapped), await of(foreignOf(mapped))];
  expect(theirs.scores.shape).toEqual(own.scores.shape);
  expect(theirs.scores.shape.slice(0, 2)).toEqual([3, 10]);
  for (const [index, score] of own.scores.data.entries()) expect(theirs.scores.data[index]!).toBeCloseTo(score, 4);
  // Of scores that differ by rounding alone two may change their places.
  const same = own.classes.data.filter((label, index) => label === theirs.classes.data[index]);
  expect(same.length).toBeGreaterThan(0.98 * own.classes.data.length);
});

it('says what a teacher lacks for maps, before anything is labelled', async () => {
  const params = { mode: 'maps', mix: 'none', keep: 'topk' };
  for (const [given, title] of [
    [teacher, 'a convnet'],
    [foreignOf(teacher), 'an ONNX network'],
  ] as const)
    await expect(relabel(params, { teacher: given })).rejects.toMatchObject({
      failure: {
        code: 'TEACHER_WITHOUT_MAPS',
        message: expect.stringMatching(
          `of this teacher, ${title}, its last linear layer reads what \`avgPool\` gives`,
        ) as string,
        help: expect.stringContaining('GlobalAveragePool') as string,
      },
    });
});

it('makes maps in shards of images, which are read as those in one piece', async () => {
  const squeezed = { network: { ...network, head: 'globalAverage' }, images: 200, epochs: 1, batchSize: 50 };
  const mapped = (await runStage({ kind: 'squeeze', params: { ...squeezed, augment: 'none' } })).artifacts.network!;
  const params = { mode: 'maps', mix: 'none', keep: 'topk', epochs: 300, epochsPerShard: 0, imagesPerShard: 12 };
  const data = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const read = { images: { imagesPerClass: 3 }, teacher: { network: { ...network, head: 'globalAverage' } } };
  const shards = stage.shards!(params, data, read);
  expect(shards).toEqual([{ images: [0, 12] }, { images: [12, 24] }, { images: [24, 30] }]);
  const parts = [];
  for (const shard of shards) {
    const inputs = { images, teacher: mapped };
    parts.push({ shard, ...(await runStage({ kind: 'relabel', params, inputs, shard })) });
  }
  const joined: ArtifactFiles = Object.assign({}, ...parts.map(({ artifacts }) => artifacts.labels));
  expect(Object.keys(joined)).toEqual(
    ['00000-00011', '00012-00023', '00024-00029'].map((name) => `maps-${name}.safetensors`),
  );
  expect(stage.joinMetrics!(parts)).toEqual({});
  const whole = await relabel({ mode: 'maps', mix: 'none', keep: 'topk' }, { teacher: mapped });
  const of = (files: ArtifactFiles) => unwrap(openSoftLabels(heldFiles(files), wanted)).maps([...Array(30).keys()]);
  expect(of(joined)).toEqual(of(whole));
  const { 'maps-00012-00023.safetensors': _, ...holed } = joined;
  const opened = openSoftLabels(heldFiles(holed), wanted);
  expect(opened.ok ? 'ok' : opened.error.message).toBe('The label maps of image 12 are missing.');
  const sizes = { kept: 5, precision: 'float16' };
  const bytes = shards.map((shard) => stage.bytes!({ ...params, ...sizes }, read, data, shard));
  expect(bytes).toEqual([12, 12, 6].map((count) => (count / 30) * stage.bytes!({ ...params, ...sizes }, read, data)!));
});

it('says where maps cannot be split, and that views are not split by images', () => {
  const views = stage.rules!({ mode: 'views', imagesPerShard: 8, keep: 'full', mix: 'none', mixAlpha: 1 });
  expect(views.map(({ message }) => message)).toEqual([expect.stringContaining('views are split by `epochsPerShard`')]);
  const made = { name: 'own', kind: 'command', params: {}, inputs: {} };
  const problems = stage.inputRules!({ mode: 'maps', imagesPerShard: 8 }, { images: made });
  expect(problems).toEqual([
    { path: ['imagesPerShard'], message: expect.stringContaining('how many `own` makes (`stage: command`)') as string },
  ]);
});

it('draws crops of an area up to the one asked for, and files say so; where that is all, they are as they ever were', async () => {
  const largest = (box: Int16Array) =>
    Math.max(...Array.from({ length: box.length / 4 }, (_, row) => (box[4 * row + 2] ?? 0) * (box[4 * row + 3] ?? 0)));
  const [all, some] = [await relabel(), await relabel({ maximumArea: 0.4 })];
  const [free, bounded] = [all, some].map((files) => unwrap(openSoftLabels(heldFiles(files), wanted)));
  expect(free!.facts).not.toHaveProperty('maximumArea');
  expect(await relabel({ maximumArea: 1 })).toEqual(all);
  expect(bounded!.facts.maximumArea).toBe(0.4);
  const batches = [0, 1, 2].map((index) => [free!.batch(1, index), bounded!.batch(1, index)] as const);
  // Sides are rounded to whole pixels.
  expect(Math.max(...batches.map(([, { box }]) => largest(box)))).toBeLessThan(0.4 * 784 + 28);
  expect(Math.max(...batches.map(([{ box }]) => largest(box)))).toBeGreaterThan(0.6 * 784);
  // Students on maps draw by what the files say.
  const drawn = drawViews(viewStreams({ base: 1 }, 'evaluate'), 0, { ...bounded!.facts, minimumArea: 0.4 });
  for (let row = 0; row < 30; row++)
    expect(Math.abs((drawn.box[4 * row + 2] ?? 0) * (drawn.box[4 * row + 3] ?? 0) - 0.4 * 784)).toBeLessThan(28);
});

it('a crop cannot be smaller than the smallest', () => {
  const of = (areas: JsonObject) =>
    stage.rules!({ mode: 'views', imagesPerShard: 0, keep: 'full', mix: 'none', mixAlpha: 1, ...areas });
  expect(of({ minimumArea: 0.5, maximumArea: 0.5 })).toEqual([]);
  expect(of({ minimumArea: 0.5, maximumArea: 0.4 })).toEqual([
    { path: ['maximumArea'], message: expect.stringContaining('0.5 of the image') as string },
  ]);
});

it('draws λ with the mean and the variance of Beta(α, α)', () => {
  const stream = randomStream({ base: 1 }, 'beta');
  for (const alpha of [0.3, 0.8, 1, 4]) {
    const drawn = Array.from({ length: 4000 }, (_, step) => betaFrom(stream.uniform(step, BETA_DRAWS), alpha));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance * 4 * (2 * alpha + 1)).toBeGreaterThan(0.93);
    expect(variance * 4 * (2 * alpha + 1)).toBeLessThan(1.07);
  }
});

it('says the bytes of ImageNet beforehand', () => {
  const facts = { classes: 1000 } as Parameters<NonNullable<typeof stage.bytes>>[2];
  const params = { epochs: 300, batchSize: 1024, crop: 'resized', mix: 'cutmix', kept: 5, temperature: 1 };
  const of = (keep: string) =>
    stage.bytes!(
      { ...params, keep, precision: 'float16', renormalise: false },
      { images: { imagesPerClass: 50 } },
      facts,
    );
  expect(of('full')).toBe(300 * 50_000 * 2017);
  expect(of('topk')).toBe(300 * 50_000 * 37);
  const { epochs: _, ...shared } = { ...params, keep: 'topk', precision: 'float16', renormalise: false };
  const shard = { epochs: [290, 300] };
  expect(stage.bytes!(shared, { images: { imagesPerClass: 50 } }, facts, shard)).toBe(10 * 50_000 * 37);
  expect(stage.bytes!({ ...params, keep: 'full' }, { images: {} }, facts)).toBeUndefined();
});

it('refuses for maps what only stored probabilities have', () => {
  const maps = { mode: 'maps', crop: 'resized', mix: 'none', mixAlpha: 1, keep: 'topk', statistics: 'running' };
  const plain = { ...maps, epochsPerShard: 0, imagesPerShard: 0, temperature: 1, renormalise: false };
  expect(stage.rules!(plain)).toEqual([]);
  expect(stage.rules!({ ...plain, temperature: 4, renormalise: true })).toEqual([
    { path: ['temperature'], message: 'Label maps go with `temperature: 1`, not `4`.' },
    { path: ['renormalise'], message: 'Label maps go with `renormalise: false`, not `true`.' },
  ]);
});

it.each(['full', 'topk', 'smooth', 'hard'])('tells labels that are no numbers (keep: %s)', async (keep) => {
  const { network: built, values } = unwrap(decodeTeacher(teacher['network.onnx']!));
  const [last] = Object.keys(values).filter((name) => values[name]!.shape.length === 2) as [string];
  values[last]!.data.fill(3e38);
  const overflowing = { 'network.onnx': unwrap(encodeTeacher({ network: built, values })) };
  await expect(relabel({ keep }, { teacher: overflowing })).rejects.toMatchObject({
    failure: { code: 'STEP_NOT_FINITE', message: expect.stringContaining('values of `labels`') as string },
  });
});
