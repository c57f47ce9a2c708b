/** ONNX files that are damaged or mean harm: always a failure with a code, the file's name and help; nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import {
  encodeModel,
  type Model,
  type ModelNode,
  type NodeAttribute,
} from '../../tensor/backends/onnxruntime/model.ts';
import { ProtobufWriter } from '../../tensor/backends/protobuf.ts';
import { input } from '../../tensor/expr.ts';
import { frozenInputs, readFrozenNetwork } from './frozen-network.ts';
import { decodeTeacher } from './teacher.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));

function node(op: string, inputs: string[], output: string, attributes: Record<string, NodeAttribute> = {}): ModelNode {
  return { op, domain: '', inputs, outputs: [output], attributes };
}

const longs = (...values: number[]) => ({
  type: 'int64' as const,
  shape: [values.length],
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

function model(nodes: ModelNode[], more: Partial<Model> = {}): Uint8Array {
  return encodeModel({
    nodes,
    constants: {},
    inputs: [{ name: 'x', type: 'float', shape: ['n', 3, 8, 8] }],
    outputs: [{ name: 'y', type: 'float', shape: ['n', 5] }],
    opsets: { '': 17 },
    ...more,
  });
}

function problemOf(bytes: Uint8Array): string {
  const read = readFrozenNetwork(bytes, { place: 'net.onnx' });
  if (read.ok) return 'none';
  const { code, message, place, help } = read.error;
  expect([place, typeof help]).toEqual(['net.onnx', 'string']);
  return `${code}: ${message}`;
}

/** A graph with one initialiser, written field by field. */
function withTensor(write: (tensor: ProtobufWriter) => ProtobufWriter): Uint8Array {
  const graph = new ProtobufWriter().message(5, write(new ProtobufWriter().string(8, 'w')));
  return new ProtobufWriter()
    .int(1, 8)
    .message(7, graph)
    .message(8, new ProtobufWriter().string(1, '').int(2, 17))
    .finish();
}

it('refuses tensors whose lengths lie', () => {
  const raw = (dims: number[], type: number, bytes: number) =>
    problemOf(withTensor((tensor) => tensor.packedInts(1, dims).int(2, type).bytes(9, new Uint8Array(bytes))));
  const external = new ProtobufWriter().string(1, 'location').string(2, '../../etc/passwd');
  expect({
    short: raw([2, 2], 1, 12),
    long: raw([1], 1, 8),
    huge: raw([2 ** 40, 2 ** 40], 1, 4),
    overflow: raw([2 ** 32, 2 ** 32, 0], 1, 4),
    negative: raw([-1], 1, 4),
    type: raw([1], 99, 4),
    text: raw([1], 8, 4),
    axes: raw(new Array(100).fill(1), 1, 4),
    external: problemOf(withTensor((tensor) => tensor.int(2, 1).message(13, external).int(14, 1))),
    outside: problemOf(withTensor((tensor) => tensor.int(2, 1).packedInts(1, [1]).int(14, 1))),
    floats: problemOf(withTensor((tensor) => tensor.packedInts(1, [3]).int(2, 1).packedFloats(4, [1, 2]))),
  }).toMatchInlineSnapshot(`
    {
      "axes": "ONNX_DAMAGED: This is no ONNX model that can be read: a tensor has more than 64 axes",
      "external": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w keeps its data in another file",
      "floats": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w of shape [3] needs 3 numbers and has 2",
      "huge": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w has the shape [1099511627776,1099511627776], too large for any file",
      "long": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w of shape [1] and type F32 needs 4 bytes and has 8",
      "negative": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w has the shape [-1]",
      "outside": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w keeps its data in another file",
      "overflow": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w of shape [4294967296,4294967296,0] and type F32 needs 0 bytes and has 4",
      "short": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w of shape [2,2] and type F32 needs 16 bytes and has 12",
      "text": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w has the unknown type 8",
      "type": "ONNX_DAMAGED: This is no ONNX model that can be read: the tensor w has the unknown type 99",
    }
  `);
});

it('refuses files that are no models', () => {
  const sound = fixture('resnet-norms.onnx');
  const group = Uint8Array.of(0x0b, 0x0c);
  const message = () => new ProtobufWriter();
  let graph = message();
  for (let depth = 0; depth < 300; depth++) {
    const attribute = message().string(1, 'then_branch').message(6, graph).int(20, 5);
    graph = message().message(1, message().string(4, 'If').message(5, attribute));
  }
  const nested = message().message(7, graph).message(8, message().string(1, '').int(2, 17));
  expect({
    empty: problemOf(new Uint8Array(0)),
    text: problemOf(new TextEncoder().encode('{"not": "onnx"}')),
    half: problemOf(sound.subarray(0, sound.length / 2)),
    group: problemOf(group),
    nested: problemOf(nested.finish()),
    noOpset: problemOf(model([], { opsets: {} })),
  }).toMatchInlineSnapshot(`
    {
      "empty": "ONNX_DAMAGED: This is no ONNX model that can be read: it has no graph",
      "group": "ONNX_DAMAGED: This is no ONNX model that can be read: a field has the wire type 3",
      "half": "ONNX_DAMAGED: This is no ONNX model that can be read: a length reaches beyond its message",
      "nested": "ONNX_OPERATOR: The model uses operators that are not known here: If",
      "noOpset": "ONNX_DAMAGED: This is no ONNX model that can be read: it names no operator set",
      "text": "ONNX_DAMAGED: This is no ONNX model that can be read: a field has the wire type 3",
    }
  `);
});

it('refuses graphs that make no sense, naming the node', () => {
  const pool = (values: Record<string, number[]>) =>
    node('MaxPool', ['x'], 'y', Object.fromEntries(Object.entries(values).map(([name, ints]) => [name, { ints }])));
  expect({
    cycle: problemOf(model([node('Relu', ['z'], 'y'), node('Relu', ['y'], 'z')])),
    twice: problemOf(model([node('Relu', ['x'], 'y'), node('Relu', ['x'], 'y')])),
    unknown: problemOf(model([node('If', ['x'], 'z'), { ...node('Gelu', ['z'], 'y'), domain: 'com.example' }])),
    opset: problemOf(model([node('Relu', ['x'], 'y')], { opsets: { '': 99 } })),
    noOutput: problemOf(model([node('Relu', ['x'], 'z')])),
    images: problemOf(model([node('Relu', ['x'], 'y')])),
    kernel: problemOf(model([pool({ kernel_shape: [2 ** 40, 2] })])),
    padding: problemOf(model([pool({ kernel_shape: [2, 2], pads: [2 ** 33, 0, 0, 0] })])),
    negative: problemOf(model([pool({ kernel_shape: [2, 2], strides: [-1, 0] })])),
    expand: problemOf(
      model([node('Expand', ['s'], 'z'), node('Add', ['x', 'z'], 'y')], { constants: { s: longs(1) } }),
    ),
    stretch: problemOf(
      model([node('Unsqueeze', ['x', 'a'], 'z'), node('Expand', ['z', 's'], 'y')], {
        constants: { a: longs(0), s: longs(2 ** 31, 1, 3, 8, 8) },
      }),
    ),
    filled: problemOf(model([node('ConstantOfShape', ['s'], 'y')], { constants: { s: longs(2 ** 31, 2 ** 31) } })),
    range: problemOf(
      model([node('Range', ['a', 's', 'd'], 'y')], { constants: { a: longs(0), s: longs(2 ** 31), d: longs(1) } }),
    ),
    resize: problemOf(
      model([node('Resize', ['x', '', '', 's'], 'y', { mode: { string: 'linear' } })], {
        constants: { s: longs(1, 3, 2 ** 31, 2 ** 31) },
      }),
    ),
    input: problemOf(model([node('Relu', ['x'], 'y')], { inputs: [{ name: 'x', type: 'int64', shape: [1, 3] }] })),
    open: problemOf(
      model([node('Relu', ['x'], 'y')], { inputs: [{ name: 'x', type: 'float', shape: ['n', 3, 'h', 8] }] }),
    ),
  }).toMatchInlineSnapshot(`
    {
      "cycle": "ONNX_GRAPH: Node Relu_0 (Relu): its input z is computed nowhere before it",
      "expand": "ONNX_GRAPH: Node Expand_0 (Expand): its shape is missing",
      "filled": "ONNX_GRAPH: Node ConstantOfShape_0 (ConstantOfShape): its result would have the shape [2147483647,2147483647]",
      "images": "ONNX_OUTPUT: Expected logits [1, classes], got float [1,3,8,8]",
      "input": "ONNX_INPUT: The input x has the type 7 and the shape [1,3]",
      "kernel": "ONNX_GRAPH: Node MaxPool_0 (MaxPool): its windows have the extents [1099511627776,2], not all from 0 to 16384",
      "negative": "ONNX_GRAPH: Node MaxPool_0 (MaxPool): its windows have the extents [-1,0], not all from 0 to 16384",
      "noOutput": "ONNX_GRAPH: The output y is computed nowhere",
      "open": "ONNX_INPUT: The file leaves the size of its images open; say it",
      "opset": "ONNX_OPSET: Expected an operator set from 7 to 25, got 99",
      "padding": "ONNX_GRAPH: Node MaxPool_0 (MaxPool): its windows have the extents [8589934592,0,0,0], not all from 0 to 16384",
      "range": "ONNX_GRAPH: Node Range_0 (Range): it counts 2147483647 steps",
      "resize": "ONNX_GRAPH: Node Resize_0 (Resize): it resizes to [2147483647,2147483647], not to sides from 1 to 16384",
      "stretch": "ONNX_GRAPH: Node Expand_1 (Expand): its result would have the shape [2147483647,1,3,8,8]",
      "twice": "ONNX_GRAPH: Node Relu_1 (Relu): its output y is there already",
      "unknown": "ONNX_OPERATOR: The model uses operators that are not known here: If, com.example.Gelu",
    }
  `);
});

it('keeps to the number of images where the others cannot be told apart', () => {
  const mixing = [
    node('ReduceMean', ['x'], 'm', { axes: { ints: [0] } }),
    node('Add', ['x', 'm'], 'z'),
    node('Reshape', ['z', 's'], 'r'),
    node('Gather', ['r', 'i'], 'y', { axis: { int: 0 } }),
  ];
  const bytes = model(mixing, {
    inputs: [{ name: 'x', type: 'float', shape: [1, 3, 8, 8] }],
    constants: { s: longs(-1), i: { ...longs(0, 1), shape: [1, 2] } },
  });
  const network = unwrap(readFrozenNetwork(bytes));
  expect(network.notes).toEqual(['It was exported for batches of 1 and takes no other.']);
  expect(network.apply(input('images', [1, 3, 8, 8]), {}).ok).toBe(true);
  expect(network.apply(input('images', [2, 3, 8, 8]), {})).toMatchObject({ ok: false, error: { code: 'ONNX_BATCH' } });
});

it('survives a chain that doubles at every node', () => {
  const doubling = Array.from({ length: 200 }, (_, index) =>
    node('Concat', [`v${index}`, `v${index}`], `v${index + 1}`, { axis: { int: 1 } }),
  );
  const bytes = model(doubling, { inputs: [{ name: 'v0', type: 'float', shape: ['n', 3, 8, 8] }] });
  expect(problemOf(bytes)).toContain('its result would have the shape');
});

/** Reads in every way; a failure is fine, an exception or a long time is not. */
function readAll(bytes: Uint8Array): boolean {
  const read = readFrozenNetwork(bytes, { place: 'net.onnx', size: [16, 16] });
  if (read.ok) {
    const { channels, height, width } = read.value.input;
    void read.value.apply(input('images', [3, channels, height, width]), frozenInputs(read.value)).ok;
  }
  const teacher = decodeTeacher(bytes, 'net.onnx');
  return [read, teacher].every((result) => result.ok || result.error.place === 'net.onnx');
}

const fuzzed = ['resnet-norms.onnx', 'mixed-opset17.onnx'].map(fixture);

it('never throws on bits that fell over', () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...fuzzed), flips, (sound, places) => {
      const changed = Uint8Array.from(sound);
      for (const [at, bit] of places) changed[at % changed.length]! ^= 1 << bit;
      return readAll(changed);
    }),
    { numRuns: 150 },
  );
});

it('never throws on files that were cut, doubled or mixed', () => {
  const place = fc.nat();
  fc.assert(
    fc.property(fc.constantFrom(...fuzzed), place, place, place, (sound, from, length, to) => {
      const start = from % sound.length;
      const piece = sound.subarray(start, start + (length % 64));
      const at = to % sound.length;
      const cut = sound.subarray(0, at);
      return (
        readAll(cut) &&
        readAll(Buffer.concat([cut, piece, sound.subarray(at)])) &&
        readAll(Buffer.concat([cut, piece, sound.subarray(at + piece.length)]))
      );
    }),
    { numRuns: 50 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => readAll(bytes)));
});
