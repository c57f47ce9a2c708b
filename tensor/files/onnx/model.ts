/**
 * An ONNX model as its file holds it: names and numbers, nothing interpreted (`onnx.proto3` gives the field numbers).
 * Whatever the file claims, what is read stays in proportion to its size and nothing outside it is opened. Subgraphs,
 * sparse and quantised tensors are not read: no classifier needs them.
 */
import { fail, ok, type Result } from '../../../base/result.ts';
import type { Tensor } from '../../tensor.ts';
import { tensorOf } from './tensors.ts';
import { Damage, damage, eachField, type Field } from './wire.ts';

export interface OnnxAttribute {
  readonly int?: number;
  readonly float?: number;
  readonly string?: string;
  readonly ints?: readonly number[];
  readonly floats?: readonly number[];
  readonly tensor?: Tensor;
}

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  /** An empty name is an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxValue {
  readonly name: string;
  /** `TensorProto.DataType`; 0 where the file does not say. */
  readonly type: number;
  /** A name for an extent that is open; undefined where the file does not say. */
  readonly shape: readonly (number | string)[] | undefined;
}

export interface OnnxModel {
  readonly producer: string;
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: ReadonlyMap<string, Tensor>;
  /** Without those that are initialisers. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** By domain; the standard domain is the empty string. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Far above any classifier; an entry of two bytes in the file becomes some hundred in memory. */
const MOST_ENTRIES = 100_000;
const MOST_OF_NODE = 4096;

/** `place` names the file in failures. */
export function decodeOnnx(bytes: Uint8Array, place?: string): Result<OnnxModel> {
  try {
    return ok(readModel(bytes));
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return fail('ONNX_DAMAGED', `This is no ONNX model that can be read: ${error.message}`, {
      ...(place !== undefined && { place }),
      help: 'Export or copy the file again; weights have to lie in the file itself.',
    });
  }
}

function readModel(bytes: Uint8Array): OnnxModel {
  let producer = '';
  let graph: Uint8Array | undefined;
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  eachField(bytes, (number, field) => {
    if (number === 2) producer = field.string();
    else if (number === 7) graph = field.bytes();
    else if (number === 8) {
      const [domain, version] = readOpset(field.bytes());
      opsets.set(domain, version);
    } else if (number === 14) {
      limited(metadata.size, MOST_OF_NODE, 'metadata');
      metadata.set(...readEntry(field.bytes()));
    }
  });
  if (!graph) damage('it has no graph');
  if (opsets.size === 0) damage('it names no operator set');
  return { producer, ...readGraph(graph), opsets, metadata: Object.fromEntries(metadata) };
}

function limited(count: number, most: number, what: string): void {
  if (count >= most) damage(`it has more than ${most} ${what}`);
}

function readGraph(bytes: Uint8Array): Pick<OnnxModel, 'nodes' | 'initialisers' | 'inputs' | 'outputs'> {
  const nodes: OnnxNode[] = [];
  const initialisers = new Map<string, Tensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const append = <T>(list: T[], value: T, what: string) => {
    limited(list.length, MOST_ENTRIES, what);
    list.push(value);
  };
  eachField(bytes, (number, field) => {
    if (number === 1) append(nodes, readNode(field.bytes()), 'nodes');
    else if (number === 5) {
      limited(initialisers.size, MOST_ENTRIES, 'initialisers');
      const { name, tensor } = tensorOf(field.bytes());
      if (initialisers.has(name)) damage(`two initialisers are called ${name}`);
      initialisers.set(name, tensor);
    } else if (number === 11) append(inputs, readValue(field.bytes()), 'inputs');
    else if (number === 12) append(outputs, readValue(field.bytes()), 'outputs');
    else if (number === 15) damage('it holds sparse tensors');
  });
  return { nodes, initialisers, inputs: inputs.filter(({ name }) => !initialisers.has(name)), outputs };
}

function readNode(bytes: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  let [name, op, domain] = ['', '', ''];
  const attributes = new Map<string, OnnxAttribute>();
  eachField(bytes, (number, field) => {
    if (number === 1) {
      limited(inputs.length, MOST_OF_NODE, 'inputs of a node');
      inputs.push(field.string());
    } else if (number === 2) {
      limited(outputs.length, MOST_OF_NODE, 'outputs of a node');
      outputs.push(field.string());
    } else if (number === 3) name = field.string();
    else if (number === 4) op = field.string();
    else if (number === 5) {
      limited(attributes.size, MOST_OF_NODE, 'attributes of a node');
      attributes.set(...readAttribute(field.bytes()));
    } else if (number === 7) domain = field.string();
  });
  return { op, domain: domain === 'ai.onnx' ? '' : domain, name, inputs, outputs, attributes };
}

function readAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  let name = '';
  let type = 0;
  const found: { -readonly [K in keyof OnnxAttribute]: OnnxAttribute[K] } = {};
  const ints: number[] = [];
  const floats: number[] = [];
  eachField(bytes, (number, field) => {
    if (number === 1) name = field.string();
    else if (number === 2) found.float = field.float();
    else if (number === 3) found.int = field.int();
    else if (number === 4) found.string = readText(field);
    else if (number === 5) found.tensor = tensorOf(field.bytes()).tensor;
    else if (number === 7) extend(floats, field.floats());
    else if (number === 8) extend(ints, field.ints());
    else if (number === 20) type = field.int();
  });
  // The type says which lists there are, for an empty one leaves no trace; proto3 leaves out a zero as well.
  if (type === 7 || ints.length > 0) found.ints = ints;
  if (type === 6 || floats.length > 0) found.floats = floats;
  if (type === 2) found.int ??= 0;
  if (type === 1) found.float ??= 0;
  if (type === 3) found.string ??= '';
  return [name, found];
}

/** A string attribute is bytes; those that are no text belong to operators that are not read. */
function readText(field: Field): string {
  return new TextDecoder().decode(field.bytes());
}

function extend(list: number[], more: readonly number[]): void {
  if (list.length + more.length > MOST_ENTRIES) damage(`an attribute lists more than ${MOST_ENTRIES} numbers`);
  for (const value of more) list.push(value);
}

function readValue(bytes: Uint8Array): OnnxValue {
  let name = '';
  let type = 0;
  let shape: (number | string)[] | undefined;
  eachField(bytes, (number, field) => {
    if (number === 1) name = field.string();
    else if (number === 2) {
      eachField(field.bytes(), (kind, tensorType) => {
        if (kind !== 1) damage(`the value ${name} is no tensor`);
        eachField(tensorType.bytes(), (part, value) => {
          if (part === 1) type = value.int();
          else if (part === 2) shape = readShape(value.bytes());
        });
      });
    }
  });
  return { name, type, shape };
}

function readShape(bytes: Uint8Array): (number | string)[] {
  const shape: (number | string)[] = [];
  eachField(bytes, (number, field) => {
    if (number !== 1) return;
    limited(shape.length, 64, 'axes of a tensor');
    let extent: number | string = '?';
    eachField(field.bytes(), (kind, value) => {
      if (kind === 1) extent = value.int();
      else if (kind === 2) extent = value.string();
    });
    shape.push(extent);
  });
  return shape;
}

function readOpset(bytes: Uint8Array): [string, number] {
  let [domain, version] = ['', 0];
  eachField(bytes, (number, field) => {
    if (number === 1) domain = field.string();
    else if (number === 2) version = field.int();
  });
  return [domain === 'ai.onnx' ? '' : domain, version];
}

function readEntry(bytes: Uint8Array): [string, string] {
  let [key, value] = ['', ''];
  eachField(bytes, (number, field) => {
    if (number === 1) key = field.string();
    else if (number === 2) value = field.string();
  });
  return [key, value];
}
