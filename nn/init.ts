/** Fresh parameter values: a pure function of the network, a random stream and a step (one step a fresh network). */
import type { Tensor } from '../tensor/tensor.ts';
import { floats, sizeOf } from '../tensor/tensor.ts';
import type { ParameterSpec } from './layers.ts';
import type { Network } from './network.ts';

/** The part of a random stream that this needs; `tensor/random/stream.ts` gives it. */
export interface InitStream {
  uniform(step: number, count: number): ArrayLike<number>;
  normal(step: number, count: number): ArrayLike<number>;
}

/** Values of all parameters and buffers by name. */
export function initialise(network: Network, stream: InitStream, step: number): Record<string, Tensor> {
  const counted = (kind: 'uniform' | 'normal') =>
    network.parameters.reduce((sum, { init, shape }) => sum + (init.kind === kind ? sizeOf(shape) : 0), 0);
  const uniforms = counted('uniform') > 0 ? stream.uniform(step, counted('uniform')) : [];
  const normals = counted('normal') > 0 ? stream.normal(step, counted('normal')) : [];
  let usedUniforms = 0;
  let usedNormals = 0;

  const draw = ({ shape, init }: ParameterSpec): Tensor => {
    const values = new Float32Array(sizeOf(shape));
    switch (init.kind) {
      case 'constant':
        values.fill(init.value);
        break;
      case 'uniform':
        for (let i = 0; i < values.length; i++) values[i] = init.bound * (2 * uniforms[usedUniforms++]! - 1);
        break;
      case 'normal':
        for (let i = 0; i < values.length; i++) values[i] = init.deviation * normals[usedNormals++]!;
        break;
    }
    return floats(values, shape);
  };

  return {
    ...Object.fromEntries(network.parameters.map((parameter) => [parameter.name, draw(parameter)])),
    ...Object.fromEntries(
      network.buffers.map(({ name, shape, value }) => [
        name,
        floats(new Float32Array(sizeOf(shape)).fill(value), shape),
      ]),
    ),
  };
}
