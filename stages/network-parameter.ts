/**
 * The parameter `network` that stages share: its schema, the check of its keys, and its way to a spec. What is not
 * written is the family's own default (`nn/networks/`); keys of another family are refused, not ignored.
 */
import type { JsonObject } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import type { DataSet, DataSetFacts } from '../data/data-set.ts';
import { buildNetwork, NETWORK_KINDS, type Network, type NetworkSpec } from '../nn/network.ts';
import { namedNetworks } from '../nn/registry.ts';
import { convolutionOn } from '../nn/winograd.ts';
import type { Backend } from '../tensor/backends/backend.ts';
import type { RuleProblem } from './stage.ts';

/** Far more than any machine holds: larger numbers are slips of the finger. */
const positive = { type: 'integer', minimum: 1, maximum: 65_536 } as const;

export const networkParameter = {
  type: 'object',
  description:
    "The network: a name of the field such as `ConvNetD4` or `ResNet18BN`, or its family and what differs from the family's own defaults.",
  examples: [{ kind: 'convnet', width: 64 }, { kind: 'resnet', depth: 18, norm: 'batch' }, 'VGG11BN'],
  named: { what: 'network', values: namedNetworks as unknown as JsonObject },
  properties: {
    kind: {
      enum: [...NETWORK_KINDS],
      default: 'convnet',
      description: 'The family. A ConvNet is what the matching papers use.',
    },
    width: { ...positive, description: 'Filters of each layer; convnet and mlp: 128, vit: 192 features.' },
    widthMultiplier: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 64,
      description:
        'Times as many channels: wide-resnet (the k of WRN-16-k): 2; mobilenet-v2: 1; shufflenet-v2 (0.5, 1, 1.5, 2): 1.',
    },
    depth: {
      ...positive,
      description:
        'Blocks (convnet: 3, vit: 6), hidden layers (mlp: 2) or named depth (vgg: 11, 13, 16, 19; resnet: 18, 34, 50; wide-resnet: 10, 16, 22, 28, 40, …).',
    },
    norm: {
      enum: ['none', 'batch', 'layer', 'instance', 'group'],
      description:
        'Normalisation; instance unless said otherwise (alexnet: none; wide-resnet, mobilenet-v2, shufflenet-v2, efficientnet-b0: batch).',
    },
    groups: { ...positive, description: 'Groups of norm `group` (convnet: 4).' },
    activation: {
      enum: ['relu', 'relu6', 'leakyRelu', 'sigmoid', 'swish', 'gelu'],
      description:
        'Activation of a convnet, wide-resnet, mobilenet-v2, shufflenet-v2 or efficientnet-b0; relu unless said otherwise (mobilenet-v2 with stem imagenet: relu6; efficientnet-b0: swish).',
    },
    slope: { type: 'number', description: 'Slope of activation `leakyRelu` below zero; 0.01 unless said otherwise.' },
    pooling: { enum: ['average', 'max', 'none'], description: 'Pooling of a convnet; average unless said otherwise.' },
    head: {
      enum: ['flatten', 'globalAverage'],
      description: 'What a convnet hands to its last layer; flatten unless said otherwise.',
    },
    stem: {
      enum: ['small', 'imagenet'],
      description: 'Form of a resnet, mobilenet-v2, shufflenet-v2 or efficientnet-b0: for 32 px (small) or 224 px.',
    },
    downsampling: {
      enum: ['stride', 'average'],
      description: 'How a resnet halves its maps; stride unless said otherwise.',
    },
    patch: { ...positive, description: "Side of a vit's patches in pixels; 4 unless said otherwise." },
    heads: { ...positive, description: 'Attention heads of a vit; 3 unless said otherwise.' },
    expansion: { ...positive, description: "Width of a vit's perceptron over its width; 4 unless said otherwise." },
  },
} as const satisfies JsonObject;

/** What each family is written with, and the values it takes where they are fewer than the schema's. */
const FAMILIES: Readonly<Record<NetworkSpec['kind'], Readonly<Record<string, readonly unknown[] | 'any'>>>> = {
  convnet: {
    width: 'any',
    depth: 'any',
    norm: 'any',
    groups: 'any',
    activation: 'any',
    slope: 'any',
    pooling: 'any',
    head: 'any',
  },
  mlp: { width: 'any', depth: 'any' },
  lenet: {},
  alexcifarnet: {},
  alexnet: { norm: ['none', 'batch', 'instance'] },
  vgg: { depth: [11, 13, 16, 19], norm: ['none', 'batch', 'instance'] },
  resnet: { depth: [18, 34, 50], norm: ['batch', 'instance'], stem: 'any', downsampling: 'any' },
  'wide-resnet': { depth: 'any', widthMultiplier: 'any', norm: ['batch', 'instance'], activation: 'any' },
  'mobilenet-v2': { widthMultiplier: 'any', norm: ['batch', 'instance'], activation: 'any', stem: 'any' },
  'shufflenet-v2': { widthMultiplier: [0.5, 1, 1.5, 2], norm: ['batch', 'instance'], activation: 'any', stem: 'any' },
  'efficientnet-b0': { norm: ['batch', 'instance'], activation: 'any', stem: 'any' },
  vit: { patch: 'any', width: 'any', depth: 'any', heads: 'any', expansion: 'any' },
};

/** Large enough for every family: what fails on it fails on every data set. */
const ROOMY = { channels: 3, height: 224, width: 224, classes: 10 };

/** What is wrong with a network that its schema lets pass, for `rules` of a stage. */
export function networkProblems(network: JsonObject, { embeds = false }: { embeds?: boolean } = {}): RuleProblem[] {
  const { kind, ...rest } = network as unknown as NetworkSpec;
  const known = FAMILIES[kind];
  const problems: RuleProblem[] = [];
  for (const [key, value] of Object.entries(rest)) {
    const allowed = known[key];
    const path = ['network', key];
    if (allowed === undefined) {
      const keys = Object.keys(known).map((name) => `\`${name}\``);
      const those = keys.length === 0 ? 'nothing else' : keys.join(', ');
      problems.push({ path, message: `A network of kind \`${kind}\` has no \`${key}\`: it is written with ${those}.` });
    } else if (allowed !== 'any' && !allowed.includes(value)) {
      const values = allowed.map((one) => `\`${one}\``).join(', ');
      problems.push({
        path,
        message: `Expected \`${key}\` of a \`${kind}\` to be one of ${values}, but found \`${value}\`.`,
      });
    }
  }
  if (problems.length > 0) return problems;
  if (embeds && (kind === 'mlp' || kind === 'lenet'))
    return [{ path: ['network', 'kind'], message: `Expected a network with an embedding; \`${kind}\` has none.` }];
  const built = buildNetwork(network as unknown as NetworkSpec, ROOMY);
  return built.ok ? [] : [{ path: ['network'], message: `${built.error.message}.` }];
}

/** Whether it has batch norm, which some families have unless they are told otherwise. */
export function hasBatchNorm(network: JsonObject): boolean {
  const built = buildNetwork({ kind: 'convnet', ...network } as unknown as NetworkSpec, ROOMY);
  return built.ok && built.value.buffers.length > 0;
}

/** What of it does not go with the images of a data set, for `dataRules` of a stage. */
export function networkDataProblems(network: JsonObject, data: DataSetFacts): RuleProblem[] {
  const { channels, height, width, classes } = data;
  const built = buildNetwork(network as unknown as NetworkSpec, { channels, height, width, classes });
  return built.ok ? [] : [{ path: ['network'], message: `${built.error.message}.` }];
}

/** The network for a data set, as `backend` computes it; throws the failure when its images are too small for it. */
export function networkFor(network: JsonObject, set: DataSet, backend: Pick<Backend, 'name'>): Network {
  const { channels, height, width, classes } = set;
  const input = { channels, height, width, classes };
  return unwrap(buildNetwork(network as unknown as NetworkSpec, input, convolutionOn(backend)));
}
