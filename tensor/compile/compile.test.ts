import { expect, it } from 'vitest';
import type { Backend, Graph } from '../backends/backend.ts';
import { openReference } from '../backends/reference/backend.ts';
import { constant, type Expr, input } from '../expr.ts';
import { add, mul } from '../ops/index.ts';
import { floats } from '../tensor.ts';
import { compile } from './compile.ts';

/** The reference backend, with what it was asked to prepare. */
function counted(): { backend: Backend; prepared: Graph[] } {
  const reference = openReference();
  const prepared: Graph[] = [];
  const prepare = (graph: Graph) => {
    prepared.push(graph);
    return reference.prepare(graph);
  };
  return { backend: { ...reference, prepare }, prepared };
}

const scaled = (factor: number): Record<string, Expr> => ({ out: mul(add(input('x', [2]), 1), constant(factor)) });

it('prepares a structure once for each backend', async () => {
  const { backend, prepared } = counted();
  const first = await compile(backend, scaled(3));
  const second = await compile(backend, scaled(3));
  expect(prepared).toHaveLength(1);
  await compile(backend, scaled(4));
  expect(prepared).toHaveLength(2);
  const x = floats([1, 2]);
  expect((await first.run({ x })).out?.data).toEqual((await second.run({ x })).out?.data);
});

it('keeps a shared program until its last user is done', async () => {
  const { backend, prepared } = counted();
  const first = await compile(backend, scaled(3));
  const second = await compile(backend, scaled(3));
  first.dispose();
  expect([...((await second.run({ x: floats([1, 2]) })).out?.data ?? [])]).toEqual([6, 9]);
  expect(() => first.run({ x: floats([1, 2]) })).toThrow('disposed');
  second.dispose();
  await compile(backend, scaled(3));
  expect(prepared).toHaveLength(2);
});
