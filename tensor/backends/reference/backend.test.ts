import { expect, it } from 'vitest';
import { constant, input } from '../../expr.ts';
import { gradient } from '../../gradient.ts';
import { add, mul, sum } from '../../ops/index.ts';
import { floats, scalar } from '../../tensor.ts';
import { openReference } from './backend.ts';

it('computes in float64 and gives results by their names', async () => {
  const x = input('x', [3]);
  const program = await openReference().prepare({ outputs: { scaled: mul(x, 0.1), same: x } });
  expect(program.inputs).toEqual({ x: { shape: [3], dtype: 'float' } });
  const results = await program.run({ x: floats([1, 2, 3]) });
  expect(Array.from(results.scaled!.data)).toEqual([0.1, 0.2, 3 * 0.1]);
  expect(Array.from(results.same!.data)).toEqual([1, 2, 3]);
});

it('says which input is missing or does not fit', async () => {
  const program = await openReference().prepare({ outputs: { y: sum(input('x', [3])) } });
  await expect(program.run({})).rejects.toThrow('The program wants the input x float [3], which was not fed');
  await expect(program.run({ x: floats([1, 2]) })).rejects.toThrow('The input x is float [3], but float [2] was fed');
});

it('keeps a value that is both an output and read by others', async () => {
  const y = add(constant(1), 1);
  const { y: kept, z } = await (await openReference().prepare({ outputs: { y, z: add(y, y) } })).run({});
  expect([kept!.data[0], z!.data[0]]).toEqual([2, 4]);
});

it('runs graphs deeper than the call stack, and their derivatives', async () => {
  const x = input('x', []);
  let y = x;
  for (let step = 0; step < 20_000; step++) y = add(mul(y, 0.5), x);
  const [slope] = gradient(y, [x]);
  const program = await openReference().prepare({ outputs: { y, slope: slope! } });
  const results = await program.run({ x: scalar(3) });
  expect([results.y!.data[0], results.slope!.data[0]]).toEqual([6, 2]);
});
