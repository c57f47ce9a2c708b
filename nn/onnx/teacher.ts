/**
 * A trained network as an ONNX file that other programs run, and back: weights and running statistics are initialisers
 * by their own names, bit for bit, and our description of the network stands in the file's metadata, so that it returns
 * as what it was, trainable and in either mode.
 */
import { fail, ok, type Result, unwrap } from '../../base/result.ts';
import { encodeModel, type ModelTensor } from '../../tensor/backends/onnxruntime/model.ts';
import { input as inputExpr } from '../../tensor/expr.ts';
import { decodeOnnx } from '../../tensor/files/onnx/model.ts';
import { asFloat32, type Tensor } from '../../tensor/tensor.ts';
import { buildNetwork, type Network, networkInputs } from '../network.ts';
import { type NetworkDescription, parseDescription } from './description.ts';
import { BATCH, emitForward, Inexpressible } from './emit.ts';

export interface Teacher {
  readonly network: Network;
  /** Parameters and buffers by name. */
  readonly values: Readonly<Record<string, Tensor>>;
  /** What the exporter wrote beside the network. */
  readonly metadata: Readonly<Record<string, string>>;
}

const DESCRIPTION = 'retort.network';
/** Read by every runtime of the last years. */
const OPSET = 17;

/** Input `input` [N, C, H, W], output `logits` [N, classes], N open. */
export function encodeTeacher({
  network,
  values,
  metadata = {},
}: Omit<Teacher, 'metadata'> & Partial<Teacher>): Result<Uint8Array> {
  const { channels, height, width, classes } = network.input;
  const images = inputExpr('input', [BATCH, channels, height, width]);
  const constants: Record<string, ModelTensor> = {};
  for (const { name, shape } of [...network.parameters, ...network.buffers]) {
    const value = values[name];
    if (value?.dtype !== 'float' || value.shape.join() !== shape.join()) {
      const found = value ? `${value.dtype} [${value.shape}]` : 'nothing';
      return fail('TEACHER_VALUES', `Expected ${name} to be float [${shape}], got ${found}`);
    }
    constants[name] = { type: 'float', shape, bytes: new Uint8Array(Float32Array.from(asFloat32(value)).buffer) };
  }
  try {
    // As every runtime convolves, however it was computed here.
    const plain = unwrap(buildNetwork(network.spec, network.input));
    const { logits } = plain.apply(images, networkInputs(plain), 'eval');
    const graph = emitForward(logits, 'input');
    const description: NetworkDescription = { spec: network.spec, input: network.input };
    return ok(
      encodeModel({
        nodes: graph.nodes,
        constants: { ...constants, ...graph.constants },
        inputs: [{ name: 'input', type: 'float', shape: ['batch', channels, height, width] }],
        outputs: [{ name: 'logits', type: 'float', shape: ['batch', classes] }],
        opsets: { '': OPSET },
        metadata: { ...metadata, [DESCRIPTION]: JSON.stringify(description) },
      }),
    );
  } catch (error) {
    if (!(error instanceof Inexpressible)) throw error;
    return fail('TEACHER_EXPORT', `This network cannot be written as ONNX: ${error.message}`);
  }
}

/** `place` names the file in failures. */
export function decodeTeacher(bytes: Uint8Array, place?: string): Result<Teacher> {
  const where = place === undefined ? {} : { place };
  const model = decodeOnnx(bytes, place);
  if (!model.ok) return model;
  const { [DESCRIPTION]: text, ...metadata } = model.value.metadata;
  if (text === undefined) {
    return fail('TEACHER_FOREIGN', 'This ONNX model was not written by retort, so its network is not known', {
      ...where,
      help: 'Use it as a frozen network.',
    });
  }
  const description = parseDescription(text);
  const network = description.ok ? buildNetworkSafely(description.value) : description;
  if (!network.ok) return { ok: false, error: { ...network.error, ...where } };
  const values: Record<string, Tensor> = {};
  for (const { name, shape } of [...network.value.parameters, ...network.value.buffers]) {
    const value = model.value.initialisers.get(name);
    if (value?.dtype !== 'float' || value.shape.join() !== shape.join()) {
      const found = value ? `${value.dtype} [${value.shape}]` : 'nothing';
      return fail('TEACHER_VALUES', `Expected the file to hold ${name} as float [${shape}], got ${found}`, {
        ...where,
        help: 'Export the teacher again.',
      });
    }
    values[name] = value;
  }
  return ok({ network: network.value, values, metadata });
}

/** The description comes from a file: what no network takes may throw anywhere. */
function buildNetworkSafely({ spec, input }: NetworkDescription): Result<Network> {
  try {
    return buildNetwork(spec, input);
  } catch (error) {
    return fail('TEACHER_DESCRIPTION', `The file describes no network: ${(error as Error).message}`);
  }
}
