/** Bytes of trained networks beforehand: their files without the numbers, which are soon written, and the numbers. */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { JsonObject } from '../../base/json.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { buildNetwork, type Network, type NetworkSpec } from '../../nn/network.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { setMetadata } from '../set-metadata.ts';
import { bytesOfSafetensors, type PlannedTensor } from './files.ts';

/** As ONNX and safetensors. Undefined: there is no such network. */
export function bytesOfNetwork(spec: JsonObject, set: DataSetFacts): number | undefined {
  return once(spec, set, 'network', (network) => {
    const { classes: _, ...metadata } = setMetadata(set);
    const own = [...network.parameters, ...network.buffers];
    const hollow = (shape: Shape): Tensor => ({ dtype: 'float', shape, data: new Float32Array(0) });
    const values = Object.fromEntries(own.map(({ name, shape }) => [name, hollow(shape)]));
    const onnx = encodeTeacher({ network, values, metadata });
    if (!onnx.ok) return undefined;
    const numbers = own.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const tensors = own.map(({ name, shape }): [string, PlannedTensor] => [name, { dtype: 'F32', shape }]);
    return onnx.value.length + 4 * numbers + bytesOfSafetensors(Object.fromEntries(tensors), metadata);
  });
}

/** Of one expert: its parameters after 0, 1 … `epochs` epochs. */
export function bytesOfTrajectory(spec: JsonObject, epochs: number, set: DataSetFacts): number | undefined {
  return once(spec, set, `trajectory of ${epochs}`, ({ parameters, input }) => {
    const after = (epoch: number) =>
      parameters.map(({ name, shape }): [string, PlannedTensor] => [`${epoch}.${name}`, { dtype: 'F32', shape }]);
    const all = Array.from({ length: epochs + 1 }, (_, epoch) => after(epoch)).flat();
    return bytesOfSafetensors(Object.fromEntries(all), {
      ...{ set: set.name, network: JSON.stringify({ spec, input }), epochs: String(epochs) },
    });
  });
}

/** Networks of a grid are few, its nodes many. */
const known = new Map<string, number>();

function once(
  spec: JsonObject,
  set: DataSetFacts,
  what: string,
  bytesOf: (network: Network) => number | undefined,
): number | undefined {
  const { name, channels, height, width, classes } = set;
  const asked = canonicalJson({ what, spec, name, channels, height, width, classes });
  const before = known.get(asked);
  if (before !== undefined) return before;
  const network = buildNetwork(spec as unknown as NetworkSpec, { channels, height, width, classes });
  const bytes = network.ok ? bytesOf(network.value) : undefined;
  if (bytes !== undefined) known.set(asked, bytes);
  return bytes;
}
