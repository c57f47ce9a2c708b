/**
 * Convolutions that filter each channel by itself, and their adjoints: TensorFlow has kernels of its own for them, where a
 * group a channel would be a node a channel. They take equal strides and no dilation. Filters [C·m, 1, kh, kw], of which m
 * stand at each channel, lie as [kh, kw, C, m] there.
 */
import type { Shape } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';

export interface DepthwiseGeometry {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

export function isDepthwise({ strides, dilations, groups }: DepthwiseGeometry, channels: number): boolean {
  return groups > 1 && groups === channels && strides[0] === strides[1] && dilations.every((length) => length === 1);
}

/** OIHW → [kh, kw, C, m]. */
export function depthwiseFilters(graph: GraphBuilder, oihw: Value, channels: number): Value {
  const [o, , kh, kw] = oihw.shape as [number, number, number, number];
  return graph.transpose(graph.reshape(graph.plain(oihw), [channels, o / channels, kh, kw]), [2, 3, 0, 1]);
}

/** [kh, kw, C, m] → OIHW of `shape`. */
export function fromDepthwiseFilters(graph: GraphBuilder, filters: Value, shape: Shape): Value {
  return graph.reshape(graph.transpose(filters, [2, 3, 0, 1]), shape);
}
