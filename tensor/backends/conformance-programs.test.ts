/** What a program promises besides its numbers: its inputs, outputs of any kind and name, and refusal of wrong feeds. */
import { describe, expect, it } from 'vitest';
import { constant, type Expr, input } from '../expr.ts';
import { add, cast, concat, gt, mul, reshape, sum } from '../ops/index.ts';
import { bools, floats, ints, type Tensor } from '../tensor.ts';
import type { Backend, Program } from './backend.ts';
import { type Native, openNatives } from './conformance/natives.ts';
import { openReference } from './reference/backend.ts';

const backends: readonly Native[] = [['reference', openReference()], ...(await openNatives(2))];

function plain({ dtype, shape, data }: Tensor): object {
  return { dtype, shape, values: Array.from(data) };
}

async function resultsOf(program: Program, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, object>> {
  const results = await program.run(feeds);
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, plain(tensor)]));
}

describe.each(backends)('%s', (_title, opened) => {
  if (!opened) {
    it.skip('(so not tested here)');
    return;
  }
  const backend: Backend = opened;

  it('gives inputs, constants and one result twice as outputs, under any name', async () => {
    const x = input('the x/0:0', [2]);
    const flags = input('flags', [2], 'bool');
    const y = add(x, 1);
    const outputs: Record<string, Expr> = {
      'the same': x,
      y,
      'y again': y,
      'block.0/y:1': mul(y, y),
      whole: constant(ints([3, 4])),
      one: constant(2),
      flags,
      counted: sum(cast(flags, 'int')),
    };
    const program = await backend.prepare({ outputs });
    expect(program.inputs).toMatchObject({
      'the x/0:0': { shape: [2], dtype: 'float' },
      flags: { shape: [2], dtype: 'bool' },
    });
    expect(await resultsOf(program, { 'the x/0:0': floats([1, 2]), flags: bools([1, 1]) })).toEqual({
      'the same': plain(floats([1, 2])),
      y: plain(floats([2, 3])),
      'y again': plain(floats([2, 3])),
      'block.0/y:1': plain(floats([4, 9])),
      whole: plain(ints([3, 4])),
      one: plain(floats([2], [])),
      flags: plain(bools([1, 1])),
      counted: plain(ints([2], [])),
    });
    program.dispose();
  });

  it('takes and gives tensors of no elements', async () => {
    const [none, x] = [input('none', [0, 2]), input('x', [1, 2])];
    const program = await backend.prepare({ outputs: { none, both: concat([none, x], 0), flat: reshape(none, [0]) } });
    expect(await resultsOf(program, { none: floats([], [0, 2]), x: floats([1, 2], [1, 2]) })).toEqual({
      none: plain(floats([], [0, 2])),
      both: plain(floats([1, 2], [1, 2])),
      flat: plain(floats([], [0])),
    });
    program.dispose();
  });

  it('keeps earlier results, and what it was fed, when it runs again', async () => {
    const x = input('x', [2]);
    const program = await backend.prepare({ outputs: { x, twice: mul(x, 2), positive: gt(x, 0) } });
    const fed = floats(Float32Array.of(1, -1));
    const first = await program.run({ x: fed });
    await program.run({ x: floats([5, 6]) });
    expect(plain(first.twice!)).toEqual(plain(floats([2, -2])));
    expect(plain(first.positive!)).toEqual(plain(bools([1, 0])));
    expect(plain(first.x!)).toEqual(plain(floats([1, -1])));
    expect(plain(fed)).toEqual(plain(floats([1, -1])));
    program.dispose();
  });

  it('gives results in arrays of their own, which no later run writes', async () => {
    const x = input('x', [2]);
    const program = await backend.prepare({
      outputs: { x, twice: mul(x, 2), again: mul(x, 2), count: cast(x, 'int') },
    });
    const first = await program.run({ x: floats([1, -1]) });
    const other = await program.run({ x: first.twice! });
    expect([first.x, first.twice, first.again].map((result) => plain(result!))).toEqual(
      [
        [1, -1],
        [2, -2],
        [2, -2],
      ].map((values) => plain(floats(values))),
    );
    expect(plain(first.count!)).toEqual(plain(ints([1, -1])));
    expect(plain(other.twice!)).toEqual(plain(floats([4, -4])));
    program.dispose();
  });

  it('says which input is missing or does not fit, also when nothing but its length is used', async () => {
    const program = await backend.prepare({ outputs: { y: sum(input('x', [3])), none: input('none', [0]) } });
    const none = floats([]);
    await expect(program.run({ none })).rejects.toThrow('The program wants the input x float [3], which was not fed');
    await expect(program.run({ x: floats([1, 2]), none })).rejects.toThrow(
      'The input x is float [3], but float [2] was fed',
    );
    await expect(program.run({ x: ints([1, 2, 3]), none })).rejects.toThrow(
      'The input x is float [3], but int [3] was fed',
    );
    await expect(program.run({ x: floats([1, 2, 3]) })).rejects.toThrow('The program wants the input none float [0]');
    program.dispose();
  });

  it('runs long chains of operations', async () => {
    const x = input('x', []);
    let y: Expr = x;
    for (let step = 0; step < 1_000; step++) y = add(mul(y, 0.5), x);
    const program = await backend.prepare({ outputs: { y } });
    expect(await resultsOf(program, { x: floats([3], []) })).toEqual({ y: plain(floats([6], [])) });
    program.dispose();
  });
});
