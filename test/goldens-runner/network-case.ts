/** Networks as golden cases describe them: the field's words for norm, activation and pooling, and values by rule. */
import type { JsonObject } from '../../base/json.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { buildNetwork, type Network, type NetworkInput, type NetworkSpec } from '../../nn/network.ts';
import type { ConvNetSpec } from '../../nn/networks/convnet.ts';
import { networkByName } from '../../nn/registry.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';

const NORMS = {
  none: 'none',
  instancenorm: 'instance',
  batchnorm: 'batch',
  layernorm: 'layer',
  groupnorm: 'group',
} as const;
const ACTIVATIONS = { relu: 'relu', leakyrelu: 'leakyRelu', sigmoid: 'sigmoid', swish: 'swish', gelu: 'gelu' } as const;
const POOLINGS = { avgpooling: 'average', maxpooling: 'max', none: 'none' } as const;

function translated<T extends Readonly<Record<string, string>>>(table: T, word: unknown): Result<T[keyof T]> {
  const value = typeof word === 'string' && Object.hasOwn(table, word) ? table[word as keyof T] : undefined;
  return value === undefined ? fail('GOLDEN_PARAMETER', `unknown value ${JSON.stringify(word)}`) : ok(value);
}

/** The ConvNet of `params` (width, depth, norm, act, pooling), as most methods' cases give it. */
export function convNetSpec(params: JsonObject): Result<ConvNetSpec> {
  const norm = translated(NORMS, params.norm ?? 'instancenorm');
  if (!norm.ok) return norm;
  const activation = translated(ACTIVATIONS, params.act ?? 'relu');
  if (!activation.ok) return activation;
  const pooling = translated(POOLINGS, params.pooling ?? 'avgpooling');
  if (!pooling.ok) return pooling;
  return ok({
    kind: 'convnet',
    width: params.width as number,
    depth: params.depth as number,
    norm: norm.value,
    activation: activation.value,
    pooling: pooling.value,
    ...(params.groups !== undefined && { groups: params.groups as number }),
    ...(params.negative_slope !== undefined && { slope: params.negative_slope as number }),
  });
}

/** The network of a case: a ConvNet by its parameters, others by the class that `source` names (`networks.py:AlexNet.embed`). */
export function networkOf(params: JsonObject, source: string, images: Shape, classes: number): Result<Network> {
  const [channels = 1, height = 1, width = 1] = images.slice(-3);
  const input: NetworkInput = { channels, height, width, classes };
  const spec: Result<NetworkSpec> =
    params.width !== undefined
      ? convNetSpec(params)
      : networkByName(source.slice(source.lastIndexOf(':') + 1).split('.')[0] ?? '');
  return spec.ok ? buildNetwork(spec.value, input) : spec;
}

interface Filled {
  readonly name: string;
  readonly shape: Shape;
  readonly kind: string;
}

/** Values that are not stored but follow from an integer hash of their index (`params.fill_rule`). */
export function filledValues(params: JsonObject): Record<string, Tensor> {
  const parameters = params.parameters as unknown as readonly Filled[];
  const buffers = (params.buffers ?? []) as unknown as readonly Filled[];
  const gain = (params.classifier_gain ?? 1) as number;
  const lastWeight = parameters.findLast(({ shape }) => shape.length >= 2);
  return Object.fromEntries(
    [...parameters, ...buffers].map(({ name, shape, kind }, k) => {
      const spread = spreadOf(shape, kind) * (name === lastWeight?.name ? gain : 1);
      const centre = kind === 'norm_weight' || kind === 'running_var' ? 1 : 0;
      const values = new Float32Array(sizeOf(shape));
      for (let i = 0; i < values.length; i++) values[i] = centre + spread * (2 * hashed(i, k) - 1);
      return [name, floats(values, shape)];
    }),
  );
}

function spreadOf(shape: Shape, kind: string): number {
  if (kind === 'running_var') return 0.5;
  return shape.length >= 2 ? Math.sqrt(6 / sizeOf(shape.slice(1))) : 0.2;
}

/** Uniform in [0, 1): element `i` of tensor `k`. */
function hashed(i: number, k: number): number {
  let h = (Math.imul(i, 2654435761) + (k + 1) * 40503) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 2246822519);
  h = Math.imul(h ^ (h >>> 13), 3266489917);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
