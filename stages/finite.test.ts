import { expect, it } from 'vitest';
import { floats } from '../tensor/tensor.ts';
import { firstNotFinite } from './finite.ts';

const LARGEST = 2 ** 128 - 2 ** 104;

it.each([NaN, Infinity, -Infinity])('finds %s wherever it stands', (value) => {
  for (let place = 0; place < 7; place++) {
    const data = new Float32Array(7).fill(-LARGEST);
    data[place] = value;
    // Of a part of a buffer, the part alone.
    const part = new Float32Array(Float32Array.of(value, ...data).buffer, 4, 7);
    expect(firstNotFinite({ fine: floats(new Float32Array(3), [3]), part: floats(part, [7]) })).toBe('part');
  }
});

it('passes every finite number, and what stands beside the part', () => {
  const numbers = [LARGEST, -LARGEST, 2 ** -149, -0, 0, 1];
  const part = new Float32Array(Float32Array.of(NaN, ...numbers, NaN).buffer, 4, numbers.length);
  expect(firstNotFinite({ part: floats(part, [numbers.length]) })).toBeUndefined();
});
