/** Scores at every place: their mean is what the network says, for ours and for files of PyTorch's exporters. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { openReference } from '../tensor/backends/reference/backend.ts';
import { compile } from '../tensor/compile/compile.ts';
import { constant, type Expr, input } from '../tensor/expr.ts';
import * as op from '../tensor/ops/index.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { initialise } from './init.ts';
import { buildNetwork, type NetworkSpec, networkInputs } from './network.ts';
import { frozenInputs, readFrozenNetwork } from './onnx/frozen-network.ts';
import { networkHead, pooledHead, scoreMaps } from './score-maps.ts';

const IMAGES: Shape = [2, 3, 16, 16];
const pictures = input('images', IMAGES);
const images = waves(IMAGES, 0.13);

/** Numbers that repeat nowhere. */
function waves(shape: Shape, by: number): Tensor {
  return floats(
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(by * index * index)),
    shape,
  );
}

/** Logits, and the mean of the scores over all places. */
async function bothOf(logits: Expr, scores: Expr, values: Readonly<Record<string, Tensor>>) {
  const mean = op.mean(scores, { axes: [2, 3] });
  const program = await compile(openReference(), { logits, mean, scores });
  return (await program.run({ ...values, images })) as Record<'logits' | 'mean' | 'scores', Tensor>;
}

function expectEqual(found: Tensor, wanted: Tensor): void {
  expect(found.shape).toEqual(wanted.shape);
  for (const [index, value] of wanted.data.entries()) expect(found.data[index]).toBeCloseTo(value, 6);
}

it.each(['resnet-norms', 'resnet-opset9', 'resnet-dynamo'])('reads where %s averages', async (file) => {
  const network = unwrap(readFrozenNetwork(readFileSync(join(import.meta.dirname, `onnx/fixtures/${file}.onnx`))));
  const { logits } = unwrap(network.apply(pictures, frozenInputs(network)));
  const scores = scoreMaps(unwrap(pooledHead(logits, pictures)));
  expect(scores.shape).toEqual([2, 5, 2, 2]);
  const made = await bothOf(logits, scores, network.values);
  expectEqual(made.mean, made.logits);
  // Places differ, or maps would say no more than logits.
  expect(made.scores.data[0]).not.toBeCloseTo(made.scores.data[1] as number, 3);
});

it('says what a file has instead that reads a token', () => {
  const network = unwrap(
    readFrozenNetwork(readFileSync(join(import.meta.dirname, 'onnx/fixtures/mixed-opset17.onnx'))),
  );
  const { logits } = unwrap(network.apply(pictures, frozenInputs(network)));
  const head = pooledHead(logits, pictures);
  expect(head.ok ? '' : head.error.message).toBe(
    'its last linear layer reads what `mul` gives, [2,8], and no average over the whole image',
  );
});

it('reads where our network averages', async () => {
  const spec: NetworkSpec = { kind: 'convnet', width: 4, depth: 2, norm: 'batch', head: 'globalAverage' };
  const network = unwrap(buildNetwork(spec, { channels: 3, height: 16, width: 16, classes: 5 }));
  const weights = networkInputs(network);
  const { logits } = network.apply(pictures, weights, 'eval');
  const scores = scoreMaps(unwrap(networkHead(network, pictures, weights)));
  const made = await bothOf(logits, scores, initialise(network, randomStream({ base: 1 }, 'maps'), 0));
  expectEqual(made.mean, made.logits);
});

it('says what our network has instead that reads all maps as one row', () => {
  const network = unwrap(
    buildNetwork({ kind: 'convnet', width: 4, depth: 2 }, { channels: 3, height: 16, width: 16, classes: 5 }),
  );
  const head = networkHead(network, pictures, networkInputs(network));
  expect(head.ok ? '' : head.error.message).toMatch(/^its last linear layer reads what `avgPool` gives, \[2,4,4,4\]/);
});

const features = op.relu(op.mul(pictures, 2));
const average = op.mean(features, { axes: [2, 3], keepDims: true });
const [weight, bias] = [constant(waves([5, 3], 0.7)), constant(waves([5], 0.3))];

const ends: readonly (readonly [string, Expr])[] = [
  ['a product and a sum', op.add(op.matmul(op.reshape(average, [2, 3]), op.transpose(weight)), bias)],
  [
    'a convolution of one place',
    op.add(op.conv2d(average, op.reshape(weight, [5, 3, 1, 1])), op.reshape(bias, [1, 5, 1, 1])),
  ],
  [
    'a window as large as the image',
    op.matmul(op.reshape(op.avgPool(features, { size: [16, 16] }), [2, 3]), weight, { transB: true }),
  ],
  ['places in a row', op.matmul(op.mean(op.reshape(features, [2, 3, 256]), { axes: [2] }), weight, { transB: true })],
  ['a sum, not a mean', op.matmul(op.sum(features, { axes: [2, 3] }), weight, { transB: true })],
];

it.each(ends)('knows %s', async (_, end) => {
  const logits = op.reshape(end, [2, 5]);
  const made = await bothOf(logits, scoreMaps(unwrap(pooledHead(logits, pictures))), {});
  for (const [index, value] of made.logits.data.entries()) expect(made.mean.data[index]).toBeCloseTo(value, 4);
});

const others: readonly (readonly [string, Expr, RegExp])[] = [
  [
    'two layers behind the average',
    op.matmul(
      op.relu(op.matmul(op.reshape(average, [2, 3]), op.transpose(weight))),
      op.matmul(weight, op.transpose(weight)),
    ),
    /reads what `relu` gives/,
  ],
  [
    'logits that are none',
    op.relu(op.matmul(op.reshape(average, [2, 3]), weight, { transB: true })),
    /come out of `relu`/,
  ],
  [
    'a part of the image',
    op.matmul(op.reshape(op.avgPool(features, { size: [8, 16] }), [2, 6]), constant(waves([5, 6], 0.2)), {
      transB: true,
    }),
    /reads what `avgPool` gives, \[2,3,2,1\]/,
  ],
  [
    'the largest places',
    op.matmul(op.reduceMax(features, { axes: [2, 3] }), weight, { transB: true }),
    /reads what `reduceMax` gives/,
  ],
];

it.each(others)('refuses %s', (_, logits, message) => {
  const head = pooledHead(logits, pictures);
  expect(head.ok ? '' : head.error.message).toMatch(message);
});
