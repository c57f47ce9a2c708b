/**
 * ConvNet of the matching family (Gidaris and Komodakis 2018, as in DC, DSA, DM, MTT): `depth` blocks of convolution
 * 3×3 → norm → activation → 2×2 pooling, then one linear layer. The first convolution pads 3 when there is one
 * channel, so that 28 px behave as 32.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { type Activation, activate } from '../activations.ts';
import { flatten, globalAverage, type Pooling, pool } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';
import type { Norm, NormKind } from '../norms.ts';

export interface ConvNetSpec {
  readonly kind: 'convnet';
  readonly width?: number;
  readonly depth?: number;
  readonly norm?: NormKind;
  /** Of norm `group`. */
  readonly groups?: number;
  readonly activation?: Activation;
  /** Of activation `leakyRelu`. */
  readonly slope?: number;
  readonly pooling?: Pooling;
  /** `globalAverage` is MTT's ConvNetGAP. */
  readonly head?: 'flatten' | 'globalAverage';
}

export const CONVNET_DEFAULTS = {
  width: 128,
  depth: 3,
  norm: 'instance',
  groups: 4,
  activation: 'relu',
  pooling: 'average',
  head: 'flatten',
} as const;

export function convNet(spec: ConvNetSpec, input: NetworkInput): Result<Forward> {
  const { width, depth, norm: normKind, groups, activation, slope, pooling, head } = { ...CONVNET_DEFAULTS, ...spec };
  const firstPadding = input.channels === 1 ? 3 : 1;
  const smallest = Math.min(input.height, input.width) + 2 * (firstPadding - 1);
  if (pooling !== 'none' && smallest < 2 ** depth) {
    return fail(
      'NETWORK_INPUT',
      `A ConvNet of depth ${depth} halves its images ${depth} times: ${smallest} px are too few`,
    );
  }
  if (normKind === 'group' && width % groups !== 0) {
    return fail('NETWORK_SPEC', `Group norm needs a width that ${groups} groups divide, got ${width}`);
  }
  const norm: Norm = normKind === 'group' ? { groups } : normKind;
  return ok((layers, images) => {
    let x = images;
    for (let block = 0; block < depth; block++) {
      x = layers.conv(`conv${block}`, x, { out: width, kernel: 3, padding: block === 0 ? firstPadding : 1 });
      x = layers.norm(`norm${block}`, x, norm);
      x = pool(activate(x, activation, slope), pooling);
    }
    const embedding = head === 'flatten' ? flatten(x) : globalAverage(x);
    const logits = layers.linear('classifier', embedding, input.classes);
    return { embedding, logits, ...(head === 'globalAverage' && { maps: x }) };
  });
}
