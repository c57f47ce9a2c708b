/**
 * An ONNX model as data, and its bytes. Only what the emitter uses of `onnx.proto3` (field numbers are that file's):
 * one graph, dense tensors, scalar and list attributes.
 */
import { ProtobufWriter } from '../protobuf.ts';
import type { Source } from '../source.ts';

/** `TensorProto.DataType`. */
export const elementTypes = { float: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementTypes;

export interface ModelTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

export type NodeAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly tensor: ModelTensor };

export interface ModelNode {
  readonly op: string;
  readonly domain: string;
  /** An empty name is an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, NodeAttribute>>;
  /** No part of the bytes. */
  readonly source?: Source | undefined;
}

export interface ModelValue {
  readonly name: string;
  readonly type: ElementType;
  /** A name is an extent that is open. */
  readonly shape: readonly (number | string)[];
}

export interface Model {
  readonly nodes: readonly ModelNode[];
  readonly constants: Readonly<Record<string, ModelTensor>>;
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Versions of the operator sets by domain; the standard domain is the empty string. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Entries that say where the model comes from. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The intermediate representation's version of ONNX 1.15, the oldest that knows opset 20. */
const irVersion = 9;

export function encodeModel(model: Model): Uint8Array {
  const graph = new ProtobufWriter();
  model.nodes.forEach((node, index) => {
    graph.message(1, encodeNode(node, nodeName(node, index)));
  });
  graph.string(2, 'retort');
  for (const [name, tensor] of Object.entries(model.constants)) graph.message(5, encodeTensor(tensor, name));
  for (const value of model.inputs) graph.message(11, encodeValue(value));
  for (const value of model.outputs) graph.message(12, encodeValue(value));
  const bytes = new ProtobufWriter().int(1, irVersion).string(2, 'retort').message(7, graph);
  for (const [domain, version] of Object.entries(model.opsets)) {
    bytes.message(8, new ProtobufWriter().string(1, domain).int(2, version));
  }
  for (const [key, value] of Object.entries(model.metadata ?? {})) {
    bytes.message(14, new ProtobufWriter().string(1, key).string(2, value));
  }
  return bytes.finish();
}

/** Of the node that stands at `index` of its model. */
export function nodeName({ op }: ModelNode, index: number): string {
  return `${op}_${index}`;
}

/** Of the node that the runtime's message names. */
export function sourceIn(message: string, sources: readonly (Source | undefined)[]): Source | undefined {
  const [, index] = /\b[A-Z][A-Za-z]*_(\d+)/.exec(message) ?? [];
  return index === undefined ? undefined : sources[Number(index)];
}

function encodeNode(node: ModelNode, name: string): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const input of node.inputs) out.string(1, input);
  for (const output of node.outputs) out.string(2, output);
  out.string(3, name).string(4, node.op);
  for (const [key, attribute] of Object.entries(node.attributes)) out.message(5, encodeAttribute(key, attribute));
  if (node.domain !== '') out.string(7, node.domain);
  return out;
}

function encodeAttribute(name: string, attribute: NodeAttribute): ProtobufWriter {
  const out = new ProtobufWriter().string(1, name);
  if ('float' in attribute) return out.float(2, attribute.float).int(20, 1);
  if ('int' in attribute) return out.int(3, attribute.int).int(20, 2);
  if ('string' in attribute) return out.string(4, attribute.string).int(20, 3);
  if ('tensor' in attribute) return out.message(5, encodeTensor(attribute.tensor, '')).int(20, 4);
  if ('floats' in attribute) return out.packedFloats(7, attribute.floats).int(20, 6);
  return out.packedInts(8, attribute.ints).int(20, 7);
}

function encodeTensor(tensor: ModelTensor, name: string): ProtobufWriter {
  return new ProtobufWriter()
    .packedInts(1, tensor.shape)
    .int(2, elementTypes[tensor.type])
    .string(8, name)
    .bytes(9, tensor.bytes);
}

function encodeValue(value: ModelValue): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const length of value.shape) {
    const extent = new ProtobufWriter();
    shape.message(1, typeof length === 'number' ? extent.int(1, length) : extent.string(2, length));
  }
  const tensorType = new ProtobufWriter().int(1, elementTypes[value.type]).message(2, shape);
  return new ProtobufWriter().string(1, value.name).message(2, new ProtobufWriter().message(1, tensorType));
}
