/** Wide ResNet, MobileNetV2, ShuffleNetV2 and EfficientNet-B0 against PyTorch, in both modes and with the gradients of all parameters, on every backend. */
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { openNatives } from '../../tensor/backends/conformance/natives.ts';
import { openReference } from '../../tensor/backends/reference/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { abs, norm, slice, stack, sum } from '../../tensor/ops/index.ts';
import { floats, ints, type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { crossEntropy } from '../losses.ts';
import { buildNetwork, type Network, type NetworkSpec, networkInputs } from '../network.ts';

interface Case {
  readonly spec: NetworkSpec;
  /** Pixels a side. */
  readonly side: number;
  /** Logits of the first two of four images. */
  readonly inEval: readonly number[];
  readonly inTrain: readonly number[];
  /** Sum of the norms of the gradients of each parameter, in train mode. */
  readonly slopes: number;
  /** Sum of the absolute running statistics after a pass in train mode. */
  readonly moved: number;
}

// PyTorch 2.15, torchvision 0.29, float64, no dropout. W(shape, k, s) = s · sin(0.37 i² + i + k) over the elements i. Parameter k of
// named_parameters() is W(shape, k, sqrt(4 / fan_in)) where it has several axes, else W(shape, k, 0.2), and 1 more where it is the
// weight of a norm; buffer k (without num_batches_tracked) is W(shape, k, 0.2), variances 1 more. x = W((4, 3, side, side), 500, 1);
// loss = cross_entropy(network(x), arange(4)). The networks, in this order: mobilenetv2_T_w(6, 0.5, 4) of G-VBSM's
// models/mobilenetv2.py; torchvision's mobilenet_v2(width_mult=0.5, num_classes=4); ShuffleV2_0_5(num_classes=4) of its
// ShuffleNetv2.py; shufflenet_v2_x0_5(num_classes=4); WideResNet(16, 4, widen_factor=2) of its wrn.py; torchvision's
// efficientnet_b0(num_classes=4, dropout=0, stochastic_depth_prob=0), at first with features[0][0] = Conv2d(3, 32, 3, 1, 1, bias=False).
const cases: readonly Case[] = [
  {
    spec: { kind: 'mobilenet-v2', widthMultiplier: 0.5 },
    side: 32,
    inEval: [-13.680883, 4.9645867, 105.74631, 54.88544, -0.60558021, 12.842528, 85.213668, 24.858524],
    inTrain: [1.5162122, 0.20548301, 0.81195432, 0.56710691, 0.64576004, -0.59156544, 1.3519491, 1.3424531],
    slopes: 1223.48426,
    moved: 11398.1108,
  },
  {
    spec: { kind: 'mobilenet-v2', widthMultiplier: 0.5, stem: 'imagenet' },
    side: 64,
    inEval: [4.9061463, 1.4457482, 0.77945023, 1.2066651, 4.8202406, 1.566753, -0.051591276, 1.1035528],
    inTrain: [0.02702728, 0.26259461, 0.12719912, -0.63798915, 1.1658748, 1.0935392, -1.1291514, -0.56887501],
    slopes: 1464.30535,
    moved: 11472.5993,
  },
  {
    spec: { kind: 'shufflenet-v2', widthMultiplier: 0.5 },
    side: 16,
    inEval: [-41.411574, 14.146717, -6.073771, -2.4249117, -42.870258, 14.265325, -6.2350685, -0.31218539],
    inTrain: [0.39358248, 1.179366, -1.6934749, -0.28502918, -0.30998022, 2.3617157, -0.68064089, -0.25248095],
    slopes: 882.102923,
    moved: 4460.41569,
  },
  {
    spec: { kind: 'shufflenet-v2', widthMultiplier: 0.5, stem: 'imagenet' },
    side: 64,
    inEval: [-87.64354, 25.996733, -15.195169, -3.656536, -90.105473, 24.619156, -13.374671, -3.6443146],
    inTrain: [-1.0673925, 2.0148269, -0.52684206, 0.13444312, 0.16367208, 1.9122907, -1.3771918, -0.94961669],
    slopes: 823.309841,
    moved: 4464.72786,
  },
  {
    spec: { kind: 'wide-resnet', depth: 16, widthMultiplier: 2 },
    side: 16,
    inEval: [-7.8628805, 0.6326418, 0.94201544, -0.87158209, -7.4909499, -1.5854243, 0.60862556, -0.83269017],
    inTrain: [-0.71191176, -0.0092138966, -0.1602573, 0.16552572, -0.76117471, -0.56699283, -0.57929759, -0.042246076],
    slopes: 27.9148721,
    moved: 1045.98915,
  },
  {
    spec: { kind: 'efficientnet-b0' },
    side: 32,
    inEval: [2.2406908, -0.35001211, 0.23293694, -0.38361004, 2.2391381, -0.35086243, 0.23530026, -0.38537372],
    inTrain: [0.58568588, -0.76280767, -0.21242686, 0.065977117, -0.034478377, 0.22676675, 0.32420854, -0.45837416],
    slopes: 259.198808,
    moved: 27073.5389,
  },
  {
    spec: { kind: 'efficientnet-b0', stem: 'imagenet' },
    side: 64,
    inEval: [2.2416885, -0.3519206, 0.23072311, -0.38339858, 2.2403009, -0.3506454, 0.23389318, -0.3834732],
    inTrain: [0.76712263, 0.075935052, -0.2654156, -0.045869052, -0.14310478, -0.28774937, -0.065036926, -0.077190462],
    slopes: 315.21989,
    moved: 27181.2445,
  },
];

const CLASSES = 4;

function waves(shape: Shape, k: number, scale: number, centre = 0): Tensor {
  const at = (i: number) => centre + scale * Math.sin(i * i * 0.37 + i + k);
  return floats(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => at(i)),
    shape,
  );
}

function valuesOf({ parameters, buffers }: Network): Record<string, Tensor> {
  const norms = new Set(buffers.map(({ name }) => name.replace(/running_\w+$/, 'weight')));
  return Object.fromEntries([
    ...parameters.map(({ name, shape }, k) => {
      const ofMany = waves(shape, k, Math.sqrt(4 / sizeOf(shape.slice(1))));
      return [name, shape.length > 1 ? ofMany : waves(shape, k, 0.2, norms.has(name) ? 1 : 0)];
    }),
    ...buffers.map(({ name, shape }, k) => [name, waves(shape, k, 0.2, name.endsWith('var') ? 1 : 0)]),
  ]);
}

/** The largest difference over the largest value. */
function distance(found: Tensor | undefined, wanted: readonly number[]): number {
  const differences = wanted.map((value, index) => Math.abs(value - (found?.data[index] ?? Number.NaN)));
  return Math.max(...differences) / Math.max(...wanted.map(Math.abs));
}

async function compare(backend: Backend, { spec, side, ...wanted }: Case) {
  const network = unwrap(buildNetwork(spec, { channels: 3, height: side, width: side, classes: CLASSES }));
  const [images, labels] = [input('images', [CLASSES, 3, side, side]), input('labels', [CLASSES], 'int')];
  const values = networkInputs(network);
  const firstTwo = ({ logits }: { logits: Expr }) => slice(logits, { starts: [0, 0], sizes: [2, CLASSES] });
  const pass = network.apply(images, values, 'train');
  const slopes = gradient(
    crossEntropy(pass.logits, labels),
    network.parameters.map(({ name }) => values[name] as Expr),
  );
  const program = await compile(backend, {
    inEval: firstTwo(network.apply(images, values, 'eval')),
    inTrain: firstTwo(pass),
    slopes: sum(stack(slopes.map((slope) => norm(slope as Expr)))),
    moved: sum(stack(Object.values(pass.buffers).map((buffer) => sum(abs(buffer))))),
  });
  const found = await program.run({
    ...valuesOf(network),
    images: waves([CLASSES, 3, side, side], 500, 1),
    labels: ints([0, 1, 2, 3], [CLASSES]),
  });
  program.dispose();
  return {
    inEval: distance(found.inEval, wanted.inEval),
    inTrain: distance(found.inTrain, wanted.inTrain),
    moved: distance(found.moved, [wanted.moved]),
    slopes: distance(found.slopes, [wanted.slopes]),
  };
}

const reference = openReference();

describe.each([['reference', reference] as const, ...(await openNatives(1))])('%s', (_title, backend) => {
  if (!backend) {
    it.skip('(so not tested here)');
    return;
  }
  it.each(cases.map((one) => [JSON.stringify(one.spec), one] as const))('%s', async (_, one) => {
    const { slopes, ...rest } = await compare(backend, one);
    expect(Math.max(...Object.values(rest))).toBeLessThan(backend === reference ? 1e-7 : 2e-4);
    // In float32 some of the units that stand at the kink of their ReLU fall on its other side.
    expect(slopes).toBeLessThan(backend === reference ? 1e-7 : 2e-2);
  });
});

// Sums of p.numel() over parameters(), of the same code at its full size.
it.each<[NetworkSpec, number, number, number]>([
  [{ kind: 'mobilenet-v2', widthMultiplier: 0.5 }, 32, 10, 697_546],
  [{ kind: 'mobilenet-v2' }, 32, 10, 2_237_770],
  [{ kind: 'mobilenet-v2', stem: 'imagenet' }, 224, 1000, 3_504_872],
  [{ kind: 'mobilenet-v2', stem: 'imagenet', widthMultiplier: 1.4 }, 224, 1000, 6_108_776],
  [{ kind: 'mobilenet-v2', stem: 'imagenet', widthMultiplier: 0.75 }, 224, 1000, 2_636_424],
  [{ kind: 'shufflenet-v2', widthMultiplier: 0.5 }, 32, 10, 351_466],
  [{ kind: 'shufflenet-v2' }, 32, 10, 1_263_278],
  [{ kind: 'shufflenet-v2', stem: 'imagenet', widthMultiplier: 0.5 }, 224, 1000, 1_366_792],
  [{ kind: 'shufflenet-v2', stem: 'imagenet' }, 224, 1000, 2_278_604],
  [{ kind: 'shufflenet-v2', stem: 'imagenet', widthMultiplier: 1.5 }, 224, 1000, 3_503_624],
  [{ kind: 'shufflenet-v2', stem: 'imagenet', widthMultiplier: 2 }, 224, 1000, 7_393_996],
  [{ kind: 'efficientnet-b0' }, 32, 10, 4_020_358],
  [{ kind: 'efficientnet-b0', stem: 'imagenet' }, 224, 1000, 5_288_548],
  [{ kind: 'wide-resnet' }, 32, 10, 691_674],
  [{ kind: 'wide-resnet', depth: 40 }, 32, 100, 2_255_156],
  [{ kind: 'wide-resnet', depth: 28, widthMultiplier: 10 }, 32, 10, 36_479_194],
])('%j at %i px and %i classes has %i parameters', (spec, side, classes, count) => {
  const network = unwrap(buildNetwork(spec, { channels: 3, height: side, width: side, classes }));
  expect(network.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0)).toBe(count);
});

it('names parameters as torchvision does', () => {
  const namesOf = (spec: NetworkSpec) => {
    const network = unwrap(buildNetwork(spec, { channels: 3, height: 64, width: 64, classes: 10 }));
    return network.parameters.map(({ name }) => name);
  };
  const mobile = namesOf({ kind: 'mobilenet-v2', stem: 'imagenet' });
  expect(mobile.slice(0, 9)).toEqual([
    'features.0.0.weight',
    'features.0.1.weight',
    'features.0.1.bias',
    'features.1.conv.0.0.weight',
    'features.1.conv.0.1.weight',
    'features.1.conv.0.1.bias',
    'features.1.conv.1.weight',
    'features.1.conv.2.weight',
    'features.1.conv.2.bias',
  ]);
  expect(mobile.slice(-4)).toEqual([
    'features.18.1.weight',
    'features.18.1.bias',
    'classifier.1.weight',
    'classifier.1.bias',
  ]);
  const shuffle = namesOf({ kind: 'shufflenet-v2', stem: 'imagenet' });
  expect(shuffle.filter((name) => /^(conv1|stage2\.0)\..*weight/.test(name))).toEqual([
    'conv1.0.weight',
    'conv1.1.weight',
    'stage2.0.branch1.0.weight',
    'stage2.0.branch1.1.weight',
    'stage2.0.branch1.2.weight',
    'stage2.0.branch1.3.weight',
    'stage2.0.branch2.0.weight',
    'stage2.0.branch2.1.weight',
    'stage2.0.branch2.3.weight',
    'stage2.0.branch2.4.weight',
    'stage2.0.branch2.5.weight',
    'stage2.0.branch2.6.weight',
  ]);
  const efficient = namesOf({ kind: 'efficientnet-b0', stem: 'imagenet' });
  expect(efficient.filter((name) => /^features\.2\.0\./.test(name))).toEqual([
    'features.2.0.block.0.0.weight',
    'features.2.0.block.0.1.weight',
    'features.2.0.block.0.1.bias',
    'features.2.0.block.1.0.weight',
    'features.2.0.block.1.1.weight',
    'features.2.0.block.1.1.bias',
    'features.2.0.block.2.fc1.weight',
    'features.2.0.block.2.fc1.bias',
    'features.2.0.block.2.fc2.weight',
    'features.2.0.block.2.fc2.bias',
    'features.2.0.block.3.0.weight',
    'features.2.0.block.3.1.weight',
    'features.2.0.block.3.1.bias',
  ]);
  expect(efficient.slice(-3)).toEqual(['features.8.1.bias', 'classifier.1.weight', 'classifier.1.bias']);
  expect(shuffle.slice(-5)).toEqual(['conv5.0.weight', 'conv5.1.weight', 'conv5.1.bias', 'fc.weight', 'fc.bias']);
});

it.each<[NetworkSpec, number]>([
  [{ kind: 'mobilenet-v2' }, 15],
  [{ kind: 'shufflenet-v2', stem: 'imagenet' }, 31],
  [{ kind: 'efficientnet-b0' }, 15],
  [{ kind: 'wide-resnet' }, 7],
  [{ kind: 'wide-resnet', depth: 18 }, 32],
  [{ kind: 'wide-resnet', widthMultiplier: 1.5 }, 32],
  [{ kind: 'mobilenet-v2', widthMultiplier: 0.05 }, 32],
  [{ kind: 'shufflenet-v2', widthMultiplier: 0.3 as 0.5 }, 32],
])('%j is refused at %i px', (spec, side) => {
  const built = buildNetwork(spec, { channels: 3, height: side, width: side, classes: 10 });
  expect(built).toMatchObject({ ok: false, error: { code: side === 32 ? 'NETWORK_SPEC' : 'NETWORK_INPUT' } });
});
