/**
 * ψ as matching uses it: a network fresh from its initialisation and never trained. So parameters that start at a
 * constant (scales and shifts of norms) are constants of the graph, which the compiler folds away; the others are inputs.
 */
import type { Embedding } from '../../methods/dm.ts';
import type { ParameterSpec } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { concat, slice } from '../../tensor/ops/index.ts';
import { floats, sizeOf } from '../../tensor/tensor.ts';

export function freshEmbedding(network: Network): Embedding {
  const values: Record<string, Expr> = {};
  for (const { name, shape, init } of network.parameters)
    values[name] = init.kind === 'constant' ? filled(shape, init.value) : input(name, shape);
  for (const { name, shape, value } of network.buffers) values[name] = filled(shape, value);
  return (images) => {
    const { embedding } = network.apply(images, values, 'train');
    if (!embedding) throw new Error(`Internal error: expected an embedding, but ${network.spec.kind} has none`);
    return embedding;
  };
}

function filled(shape: ParameterSpec['shape'], value: number): Expr {
  return constant(floats(new Float32Array(sizeOf(shape)).fill(value), shape));
}

/**
 * The same ψ a few images at a time, so that the widest layer of a chunk stays in the processor's cache. Only for norms
 * that do not mix images, and for images without gradient.
 */
export function inChunks(embed: Embedding, size: number): Embedding {
  return (images) => {
    const [count = 0, ...image] = images.shape;
    const parts: Expr[] = [];
    for (let start = 0; start < count; start += size) {
      const length = Math.min(size, count - start);
      parts.push(embed(slice(images, { starts: [start, 0, 0, 0], sizes: [length, ...image] })));
    }
    return parts.length === 1 ? embed(images) : concat(parts, 0);
  };
}
