import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { State } from '../../stages/stage.ts';
import { bools, floats, ints } from '../../tensor/tensor.ts';
import { checkpointFolder, newestCheckpoint, removeCheckpoints, writeCheckpoint } from './checkpoints.ts';
import { takeLease } from './leases.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-checkpoints-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

const file = (name: string) => join(checkpointFolder(store, 'key'), name);
const state = (value: number): State => ({ tensors: { x: floats([value, 2, 3]) }, values: { value } });
const write = (step: number) => writeCheckpoint(store, 'key', { step, state: state(step) });
const step = () => newestCheckpoint(store, 'key')?.step;

it('gives back every type, bit, shape and order', () => {
  const bits = Uint32Array.of(0x7fc00001, 0xffffffff, 0x80000000, 1, 0x7f800000);
  const whole: State = {
    tensors: {
      z: floats(new Float32Array(bits.buffer), [5]),
      a: floats(Float64Array.of(0.1, -0, Number.NaN, 5e-324), [2, 2]),
      count: ints([-(2 ** 31), 2 ** 31 - 1], [2, 1]),
      mask: bools([0, 1, 1]),
      scalar: floats([7], []),
      none: floats([], [0, 3]),
    },
    values: { z: [1, null, 'ä'], a: { step: 3, mean: 0.1 + 0.2 }, empty: {} },
  };
  writeCheckpoint(store, 'key', { step: 3, state: whole });
  const read = newestCheckpoint(store, 'key');
  expect(read).toEqual({ step: 3, fence: 0, state: whole });
  expect(Object.keys(read?.state.tensors ?? {})).toEqual(Object.keys(whole.tensors));
  expect(JSON.stringify(read?.state.values)).toBe(JSON.stringify(whole.values));
  const z = read?.state.tensors.z?.data as Float32Array;
  expect(new Uint32Array(z.buffer.slice(z.byteOffset, z.byteOffset + z.byteLength))).toEqual(bits);
});

it('takes turns between two slots and goes', () => {
  for (const done of [1, 2, 3]) {
    write(done);
    expect(step()).toBe(done);
  }
  expect(readdirSync(file('')).sort()).toEqual(['a.json', 'a.safetensors', 'b.json', 'b.safetensors']);
  removeCheckpoints(store, 'key');
  expect(step()).toBeUndefined();
  removeCheckpoints(store, 'key');
});

const DAMAGE: readonly [string, (slot: string) => void][] = [
  ['tensors cut short', (slot) => truncateSync(file(`${slot}.safetensors`), 50)],
  ['tensors with a changed bit', (slot) => flip(`${slot}.safetensors`, -1)],
  ['tensors missing', (slot) => rmSync(file(`${slot}.safetensors`))],
  ['record cut short', (slot) => truncateSync(file(`${slot}.json`), 60)],
  ['record empty', (slot) => truncateSync(file(`${slot}.json`))],
  ['record with a changed value', (slot) => edit(`${slot}.json`, (text) => text.replace('"value": ', '"value": 1'))],
  ['record missing', (slot) => rmSync(file(`${slot}.json`))],
];

it.each(DAMAGE)('uses the other slot: %s', (_, damage) => {
  write(1);
  write(2);
  damage('b');
  expect(newestCheckpoint(store, 'key')).toEqual({ step: 1, fence: 0, state: state(1) });
  // The next one goes into the slot that is worthless, not over the one that is whole.
  damage('a');
  expect(step()).toBeUndefined();
  write(3);
  expect(step()).toBe(3);
});

it('does not mix the tensors of one moment with the record of another', () => {
  write(1);
  write(2);
  const old = readFileSync(file('b.json'));
  write(3);
  write(4);
  writeFileSync(file('b.json'), old);
  expect(step()).toBe(3);
  write(4);
  expect(step()).toBe(4);
});

it('is not written when the lease is lost', () => {
  const lease = takeLease(store, 'key', { run: 'r' });
  if (!lease.held) throw new Error('Expected the lease');
  writeCheckpoint(store, 'key', { step: 1, state: state(1) }, lease);
  expect(newestCheckpoint(store, 'key')?.fence).toBe(lease.fence);
  lease.release();
  expect(() => writeCheckpoint(store, 'key', { step: 2, state: state(2) }, lease)).toThrow('was removed');
  expect(step()).toBe(1);
});

it('refuses values that JSON would lose', () => {
  expect(() =>
    writeCheckpoint(store, 'key', { step: 1, state: { tensors: {}, values: { loss: Number.NaN } } }),
  ).toThrow('Internal error');
});

function flip(name: string, at: number): void {
  const bytes = readFileSync(file(name));
  const index = (bytes.length + at) % bytes.length;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  writeFileSync(file(name), bytes);
}

function edit(name: string, change: (text: string) => string): void {
  const before = readFileSync(file(name), 'utf8');
  expect(change(before)).not.toBe(before);
  writeFileSync(file(name), change(before));
}
