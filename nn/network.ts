/**
 * A network: named parameters and buffers, and a pure function that builds its forward pass from expressions. It holds
 * no values; `initialise` draws them, programs are fed them. To add a family: one file under `networks/`, one line in
 * `FAMILIES`, its names in `registry.ts`.
 */
import { fail, ok, type Result } from '../base/result.ts';
import { type Expr, input as inputExpr } from '../tensor/expr.ts';
import { conv2d } from '../tensor/ops/index.ts';
import type { Shape } from '../tensor/tensor.ts';
import {
  type BatchStatistics,
  type BufferSpec,
  type Convolve,
  type Init,
  Layers,
  type Mode,
  type ParameterSpec,
} from './layers.ts';
import { type AlexCifarNetSpec, alexCifarNet } from './networks/alexcifarnet.ts';
import { type AlexNetSpec, alexNet } from './networks/alexnet.ts';
import { type ConvNetSpec, convNet } from './networks/convnet.ts';
import { type EfficientNetB0Spec, efficientNetB0 } from './networks/efficientnet-b0.ts';
import { type LeNetSpec, leNet } from './networks/lenet.ts';
import { type MlpSpec, mlp } from './networks/mlp.ts';
import { type MobileNetV2Spec, mobileNetV2 } from './networks/mobilenet-v2.ts';
import { type ResNetSpec, resNet } from './networks/resnet.ts';
import { type ShuffleNetV2Spec, shuffleNetV2 } from './networks/shufflenet-v2.ts';
import { type VggSpec, vgg } from './networks/vgg.ts';
import { type VitSpec, vit } from './networks/vit.ts';
import { type WideResNetSpec, wideResNet } from './networks/wide-resnet.ts';

export type { Mode } from './layers.ts';

export type NetworkSpec =
  | ConvNetSpec
  | MlpSpec
  | LeNetSpec
  | AlexNetSpec
  | AlexCifarNetSpec
  | VggSpec
  | ResNetSpec
  | WideResNetSpec
  | MobileNetV2Spec
  | ShuffleNetV2Spec
  | EfficientNetB0Spec
  | VitSpec;

export const NETWORK_KINDS: readonly NetworkSpec['kind'][] = [
  'convnet',
  'mlp',
  'lenet',
  'alexnet',
  'alexcifarnet',
  'vgg',
  'resnet',
  'wide-resnet',
  'mobilenet-v2',
  'shufflenet-v2',
  'efficientnet-b0',
  'vit',
];

export interface NetworkInput {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** A family's forward pass over images [N, C, H, W]. `embedding` is what the last linear layer sees. */
export type Forward = (
  layers: Layers,
  images: Expr,
) => { readonly logits: Expr; readonly embedding?: Expr; readonly maps?: Expr };

export interface NetworkPass {
  /** [N, classes] */
  readonly logits: Expr;
  /** [N, features]; absent for MLP and LeNet. */
  readonly embedding?: Expr;
  /** [N, features, h, w], whose mean over places the embedding is; absent where it is none. */
  readonly maps?: Expr;
  /** Buffers after this pass, by name; only those that it moves (batch norm in train mode). */
  readonly buffers: Readonly<Record<string, Expr>>;
  /** Per batch norm: statistics of its input in this pass. */
  readonly statistics: Readonly<Record<string, BatchStatistics>>;
  /** What entered each convolution and batch norm, by its name, in the order of use. */
  readonly inputs: Readonly<Record<string, Expr>>;
}

export interface Network {
  readonly spec: NetworkSpec;
  readonly input: NetworkInput;
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
  /** `values` holds an expression for every parameter and buffer, by name. */
  apply(images: Expr, values: Readonly<Record<string, Expr>>, mode: Mode): NetworkPass;
}

function forwardOf(spec: NetworkSpec, input: NetworkInput): Result<Forward> {
  switch (spec.kind) {
    case 'convnet':
      return convNet(spec, input);
    case 'mlp':
      return mlp(spec, input);
    case 'lenet':
      return leNet(spec, input);
    case 'alexnet':
      return alexNet(spec, input);
    case 'alexcifarnet':
      return alexCifarNet(spec, input);
    case 'vgg':
      return vgg(spec, input);
    case 'resnet':
      return resNet(spec, input);
    case 'wide-resnet':
      return wideResNet(spec, input);
    case 'mobilenet-v2':
      return mobileNetV2(spec, input);
    case 'shufflenet-v2':
      return shuffleNetV2(spec, input);
    case 'efficientnet-b0':
      return efficientNetB0(spec, input);
    case 'vit':
      return vit(spec, input);
  }
}

/** `convolve`: how its convolutions are computed. */
export function buildNetwork(spec: NetworkSpec, input: NetworkInput, convolve: Convolve = conv2d): Result<Network> {
  const extents = [input.channels, input.height, input.width, input.classes];
  if (extents.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    return fail(
      'NETWORK_INPUT',
      `A network's channels, height, width and classes are positive integers, got ${extents}`,
    );
  }
  const built = forwardOf(spec, input);
  if (!built.ok) return built;
  const forward = built.value;

  const parameters: ParameterSpec[] = [];
  const buffers: BufferSpec[] = [];
  const declare = new Layers(
    {
      parameter(name, shape, init) {
        parameters.push({ name, shape, init });
        return inputExpr(name, shape);
      },
      buffer(name, shape, value) {
        buffers.push({ name, shape, value });
        return inputExpr(name, shape);
      },
    },
    'train',
    convolve,
  );
  forward(declare, inputExpr('images', [1, input.channels, input.height, input.width]));

  return ok({
    spec,
    input,
    parameters,
    buffers,
    apply(images, values, mode) {
      const lookUp = (name: string, shape: Shape, _init?: Init | number) => {
        const value = values[name];
        if (!value) throw new Error(`No value for ${name} of shape [${shape}]`);
        if (value.shape.join() !== shape.join()) {
          throw new Error(`${name} has shape [${value.shape}], the network expects [${shape}]`);
        }
        return value;
      };
      const layers = new Layers({ parameter: lookUp, buffer: lookUp }, mode, convolve);
      const pass = forward(layers, images);
      return { ...pass, buffers: layers.buffers, statistics: layers.statistics, inputs: layers.inputs };
    },
  });
}

/** Inputs named as the parameters and buffers: what a program over the network is fed. */
export function networkInputs(network: Network): Record<string, Expr> {
  return Object.fromEntries(
    [...network.parameters, ...network.buffers].map(({ name, shape }) => [name, inputExpr(name, shape)]),
  );
}
