/** Every backend that is here names the operation that made the first number that is none. */
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../base/result.ts';
import { compile } from '../compile/compile.ts';
import { constant, type Expr, input } from '../expr.ts';
import { add, exp, log, mul, pad, reduceMax, sub, sum, tanh } from '../ops/index.ts';
import { floats, type Tensor } from '../tensor.ts';
import type { Backend } from './backend.ts';
import { openNatives } from './conformance/natives.ts';
import { openReference } from './reference/backend.ts';
import { watched } from './watched.ts';

const x = input('x', [2, 2]);
const y = input('y', [2, 2]);

async function saidOf(backend: Backend, out: Expr, feeds: Record<string, Tensor>): Promise<string | undefined> {
  const watch = watched(backend);
  const program = await compile(watch.backend, { out });
  await program.run(feeds);
  watch.look(true);
  try {
    await program.run(feeds);
    return undefined;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    expect(error.failure.code).toBe('OPERATION_NOT_FINITE');
    return error.message;
  } finally {
    program.dispose();
  }
}

const fed = (...values: number[]) => floats(values, [2, 2]);

describe.each([...(await openNatives(2)), ['reference', openReference()] as const])('%s', (_title, backend) => {
  if (!backend) {
    it.skip('(so not tested here)');
    return;
  }

  it('names operation, shapes, line and share', async () => {
    const out = sum(mul(tanh(add(log(sub(x, y)), 1)), y));
    const said = await saidOf(backend, out, { x: fed(1, 2, 3, 4), y: fed(0, 3, 1, 5) });
    expect(said).toMatch(
      /^It came up in `log` of float \[2, 2\], built at tensor\/backends\/watched\.test\.ts:\d+: 2 of 4 values of its result \[2, 2\] are not finite\.$/,
    );
  });

  it('says so when it came in from outside', async () => {
    const said = await saidOf(backend, add(exp(x), y), { x: fed(1, 2, 3, 4), y: fed(0, Number.NaN, 1, 5) });
    expect(said).toBe('It came in from outside the program: 1 of 4 values of its input `y` [2, 2] are not finite.');
  });

  it('passes over infinities that are meant, and has nothing to say of finite results', async () => {
    const padded = pad(x, { low: [0, 1], high: [0, 0], value: -Infinity });
    const largest = reduceMax(padded, { axes: [1] });
    const feeds = { x: fed(1, 2, 3, 4), y: fed(0, 1, 2, 3) };
    expect(await saidOf(backend, mul(largest, constant(2)), feeds)).toBeUndefined();
    expect(await saidOf(backend, add(largest, sum(log(sub(y, 1)))), feeds)).toContain('`log`');
  });
});
