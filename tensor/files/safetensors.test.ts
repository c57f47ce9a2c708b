import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { bools, floats, ints, type Tensor } from '../tensor.ts';
import { toFloat16 } from './file-types.ts';
import { decodeSafetensors, encodeSafetensors, encodeTyped, readTensorHeader } from './safetensors.ts';

const example: Record<string, Tensor> = {
  weight: floats([1.5, -2, 3e-8, Number.POSITIVE_INFINITY, 0, -0], [2, 3]),
  wide: floats(Float64Array.of(1 / 3), []),
  labels: ints([-1, 2 ** 31 - 1]),
  mask: bools([1, 0, 1]),
  empty: floats([], [0, 4]),
};

/** A file with the given header text and `size` bytes of data. */
function file(header: string, size: number): Uint8Array {
  const json = Buffer.from(header);
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function problemOf(bytes: Uint8Array): string {
  const decoded = decodeSafetensors(bytes);
  return decoded.ok ? 'none' : decoded.error.message;
}

it('gives back what was written, exactly', () => {
  const metadata = { set: 'fashion-mnist', mean: '[0.2861]' };
  const decoded = unwrap(decodeSafetensors(encodeSafetensors(example, metadata)));
  expect(decoded.metadata).toEqual(metadata);
  expect(decoded.tensors).toEqual(example);
});

it('writes the same bytes whatever the order of names, header padded to 8', () => {
  const reversed = Object.fromEntries(Object.entries(example).reverse());
  const bytes = encodeSafetensors(example, { b: '1', a: '2' });
  expect(encodeSafetensors(reversed, { a: '2', b: '1' })).toEqual(bytes);
  expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
});

it('reads half floats, bfloat16 and 64-bit labels', () => {
  const header = {
    half: { dtype: 'F16', shape: [4], data_offsets: [0, 8] },
    brain: { dtype: 'BF16', shape: [1], data_offsets: [8, 10] },
    long: { dtype: 'I64', shape: [1], data_offsets: [10, 18] },
  };
  const bytes = file(JSON.stringify(header), 18);
  const data = bytes.subarray(bytes.length - 18);
  // 1, -2, the smallest subnormal, infinity; 1; -5
  data.set(new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 1, 0x7c00, 0x3f80).buffer));
  data.set(new Uint8Array(BigInt64Array.of(-5n).buffer), 10);
  const { tensors } = unwrap(decodeSafetensors(bytes));
  expect([...(tensors.half?.data ?? [])]).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY]);
  expect([...(tensors.brain?.data ?? [])]).toEqual([1]);
  expect(tensors.long).toEqual(ints([-5]));
});

it('reads every file of the golden cases', () => {
  const folder = join(import.meta.dirname, '../../test/goldens');
  const cases = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of cases)
    expect(decodeSafetensors(readFileSync(join(folder, name, 'tensors.safetensors'))).ok).toBe(true);
  expect(cases.length).toBeGreaterThan(80);
});

it('says what is wrong with a hostile or damaged file', () => {
  const entry = (fields: object) =>
    file(JSON.stringify({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields } }), 8);
  const two = (second: [number, number]) =>
    file(
      JSON.stringify({
        x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
        y: { dtype: 'F32', shape: [1], data_offsets: second },
      }),
      8,
    );
  const huge = file('{}', 0);
  new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
  expect({
    short: problemOf(Uint8Array.of(1, 2)),
    huge: problemOf(huge),
    text: problemOf(file('[]', 0)),
    json: problemOf(file('{"x":', 0)),
    type: problemOf(entry({ dtype: 'toString' })),
    shape: problemOf(entry({ shape: [-2] })),
    fraction: problemOf(entry({ shape: [1.5] })),
    offsets: problemOf(entry({ data_offsets: [0, 800] })),
    backward: problemOf(entry({ data_offsets: [8, 0] })),
    overlap: problemOf(two([0, 4])),
    hole: problemOf(file(JSON.stringify({ x: { dtype: 'U8', shape: [1], data_offsets: [4, 5] } }), 5)),
    rest: problemOf(two([4, 8]).subarray(0, -1)),
    metadata: problemOf(file('{"__metadata__":{"a":1}}', 0)),
  }).toMatchInlineSnapshot(`
    {
      "backward": "This is no sound safetensors file: the tensor x claims the bytes 8 to 0 of 8",
      "fraction": "This is no sound safetensors file: the tensor x has a shape that is no list of whole numbers",
      "hole": "This is no sound safetensors file: the tensor x begins at 4, not at 0",
      "huge": "This is no sound safetensors file: its header claims 9223372036854775808 bytes, over the format's limit",
      "json": "This is no sound safetensors file: its header is no JSON",
      "metadata": "This is no sound safetensors file: its metadata is no map of strings",
      "offsets": "This is no sound safetensors file: the tensor x claims the bytes 0 to 800 of 8",
      "overlap": "This is no sound safetensors file: the tensor y begins at 0, not at 4",
      "rest": "This is no sound safetensors file: the tensor y claims the bytes 4 to 8 of 7",
      "shape": "This is no sound safetensors file: the tensor x has a shape that is no list of whole numbers",
      "short": "This is no sound safetensors file: it has 2 bytes and needs 8 for the header's length",
      "text": "This is no sound safetensors file: its header is no JSON object",
      "type": "This is no sound safetensors file: the tensor x has the unknown type toString",
    }
  `);
});

it('names the file and what to do', () => {
  expect(decodeSafetensors(file('[]', 0), 'set/images.safetensors')).toMatchObject({
    ok: false,
    error: { code: 'TENSOR_FILE_DAMAGED', place: 'set/images.safetensors', help: 'Copy or make the file again.' },
  });
});

it('takes no harm from deep nesting, names of objects and shapes beyond all bounds', () => {
  const shaped = (shape: string, end: number) =>
    file(`{"x":{"dtype":"F32","shape":${shape},"data_offsets":[0,${end}]}}`, 8);
  expect({
    nested: problemOf(file(`{"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 0)),
    overflow: problemOf(shaped('[4294967296,4294967296,4294967296,4294967296,4294967296]', 8)),
    product: problemOf(shaped('[9007199254740991,9007199254740991,0]', 8)),
    negative: problemOf(shaped('[-1,-2]', 8)),
    far: problemOf(shaped('[2]', Number.MAX_SAFE_INTEGER)),
    twice: problemOf(
      file(
        '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        2,
      ),
    ),
  }).toMatchInlineSnapshot(`
    {
      "far": "This is no sound safetensors file: the tensor x claims the bytes 0 to 9007199254740991 of 8",
      "negative": "This is no sound safetensors file: the tensor x has a shape that is no list of whole numbers",
      "nested": "This is no sound safetensors file: the tensor x has the unknown type undefined",
      "overflow": "This is no sound safetensors file: the tensor x needs 5.846006549323612e+48 bytes and has 8",
      "product": "This is no sound safetensors file: the tensor x needs 0 bytes and has 8",
      "twice": "This is no sound safetensors file: the tensor x begins at 1, not at 0",
    }
  `);
  const inherited = decodeSafetensors(file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1));
  expect(inherited.ok && Object.hasOwn(inherited.value.tensors, '__proto__')).toBe(true);
});

it('never throws on bytes that anybody may have made', () => {
  const sound = encodeSafetensors(example);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof decodeSafetensors(bytes).ok === 'boolean'),
  );
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), (at, value) => {
      const changed = Uint8Array.from(sound);
      changed[at] = value;
      return typeof decodeSafetensors(changed).ok === 'boolean';
    }),
  );
  fc.assert(fc.property(fc.nat(sound.length - 1), (end) => !decodeSafetensors(sound.subarray(0, end)).ok));
});

it('writes halves as the nearest, ties to even, and reads the header alone', () => {
  const values = [0, -0, 1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, 65519, 65520, 2 ** -24, 2 ** -25, 3 * 2 ** -25, 0.1];
  const bytes = encodeTyped({ a: { dtype: 'F16', shape: [12], data: toFloat16(values) } }, { what: 'halves' });
  const read = unwrap(decodeSafetensors(bytes)).tensors.a!.data;
  const wanted = [0, -0, 1, 1, 1 + 2 ** -9, 65504, 65504, Number.POSITIVE_INFINITY, 2 ** -24, 0, 2 ** -23];
  expect([...read].slice(0, 11)).toEqual(wanted);
  expect(read[11]).toBeCloseTo(0.1, 4);
  const seen: number[] = [];
  const part = (from: number, to: number) => {
    seen.push(to);
    return bytes.slice(from, to);
  };
  const header = unwrap(readTensorHeader(part, bytes.length));
  const { from = 0, to = 0 } = header.entries.get('a') ?? {};
  expect([to, to - from, header.metadata]).toEqual([bytes.length, 24, { what: 'halves' }]);
  expect(Math.max(...seen)).toBe(from);
  expect(readTensorHeader(part, bytes.length - 1, 'x')).toMatchObject({
    error: { code: 'TENSOR_FILE_DAMAGED', place: 'x' },
  });
});
