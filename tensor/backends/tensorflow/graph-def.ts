/**
 * A TensorFlow graph as data, and its bytes as a SavedModel. Only what the emitter uses of TensorFlow's `.proto` files
 * (field numbers are theirs): nodes with attributes, constants with raw content, one signature, no variables.
 */
import { ProtobufWriter } from '../protobuf.ts';
import type { Source } from '../source.ts';

/** `DataType` of `types.proto`. */
export const dataTypes = { float: 1, int32: 3, int64: 9, bool: 10 } as const;
export type DataType = keyof typeof dataTypes;

export interface ConstantTensor {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

export type NodeAttribute =
  | { readonly type: DataType }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly flag: boolean }
  | { readonly text: string }
  | { readonly shape: readonly number[] }
  | { readonly tensor: ConstantTensor };

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node` or `node:output`. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, NodeAttribute>>;
  /** No part of the bytes. */
  readonly source?: Source | undefined;
}

export interface Endpoint {
  /** As users of the signature call it. */
  readonly name: string;
  /** `node:output` */
  readonly tensor: string;
  readonly type: DataType;
  readonly shape: readonly number[];
}

export interface SavedModel {
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
}

/** The graph version of TensorFlow 2.0, whose semantics every later one keeps. */
const producerVersion = 134;

export function encodeSavedModel({ nodes, inputs, outputs }: SavedModel): Uint8Array {
  const graph = new ProtobufWriter();
  for (const node of nodes) graph.message(1, encodeNode(node));
  graph.message(4, new ProtobufWriter().int(1, producerVersion));
  const signature = new ProtobufWriter();
  for (const endpoint of inputs) signature.message(1, entry(endpoint.name, encodeEndpoint(endpoint)));
  for (const endpoint of outputs) signature.message(2, entry(endpoint.name, encodeEndpoint(endpoint)));
  signature.string(3, 'tensorflow/serving/predict');
  const metaGraph = new ProtobufWriter()
    .message(1, new ProtobufWriter().string(4, 'serve'))
    .message(2, graph)
    .message(5, entry('serving_default', signature));
  return new ProtobufWriter().int(1, 1).message(2, metaGraph).finish();
}

/** One entry of a protobuf map with string keys. */
function entry(key: string, value: ProtobufWriter): ProtobufWriter {
  return new ProtobufWriter().string(1, key).message(2, value);
}

function encodeEndpoint({ tensor, type, shape }: Endpoint): ProtobufWriter {
  return new ProtobufWriter().string(1, tensor).int(2, dataTypes[type]).message(3, encodeShape(shape));
}

function encodeNode({ name, op, inputs, attributes }: GraphNode): ProtobufWriter {
  const out = new ProtobufWriter().string(1, name).string(2, op);
  for (const input of inputs) out.string(3, input);
  for (const [key, value] of Object.entries(attributes)) out.message(5, entry(key, encodeAttribute(value)));
  return out;
}

function encodeAttribute(attribute: NodeAttribute): ProtobufWriter {
  const out = new ProtobufWriter();
  if ('tensor' in attribute) return out.message(8, encodeTensor(attribute.tensor));
  if ('type' in attribute) return out.int(6, dataTypes[attribute.type]);
  if ('int' in attribute) return out.int(3, attribute.int);
  if ('float' in attribute) return out.float(4, attribute.float);
  if ('flag' in attribute) return out.int(5, attribute.flag ? 1 : 0);
  if ('text' in attribute) return out.string(2, attribute.text);
  if ('shape' in attribute) return out.message(7, encodeShape(attribute.shape));
  return out.message(1, new ProtobufWriter().packedInts(3, attribute.ints));
}

function encodeShape(shape: readonly number[]): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const length of shape) out.message(2, new ProtobufWriter().int(1, length));
  return out;
}

function encodeTensor({ type, shape, bytes }: ConstantTensor): ProtobufWriter {
  return new ProtobufWriter().int(1, dataTypes[type]).message(2, encodeShape(shape)).bytes(4, bytes);
}
