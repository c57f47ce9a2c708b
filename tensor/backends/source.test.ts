/** What an engine refuses while it runs is told by operation, shapes and line of the method, not by its own node alone. */
import { describe, expect, it } from 'vitest';
import { compile } from '../compile/compile.ts';
import { input } from '../expr.ts';
import { add, exp, gather, mul, sum } from '../ops/index.ts';
import { floats, ints } from '../tensor.ts';
import { openNatives } from './conformance/natives.ts';
import { openReference } from './reference/backend.ts';

describe.each(await openNatives(2))('%s', (_title, backend) => {
  if (!backend) {
    it.skip('(so not tested here)');
    return;
  }
  it('an index beyond the end', async () => {
    const y = mul(gather(exp(input('x', [3, 2])), input('rows', [4], 'int')), 2);
    const program = await compile(backend, { y });
    const feeds = { x: floats(new Float32Array(6), [3, 2]), rows: ints([0, 1, 2, 7]) };
    await expect(program.run(feeds)).rejects.toThrow(
      /^`gather` of float \[3, 2\] and int \[4\], built at tensor\/backends\/source\.test\.ts:\d+: .*7/s,
    );
    program.dispose();
  });
});

it('one name for two inputs: where each is used', async () => {
  const y = add(sum(input('x', [2])), sum(exp(input('x', [3]))));
  await expect(compile(openReference(), { y })).rejects.toThrow(
    /^The input x is both float \[2\] \(in `sum` at tensor\/.*:\d+\) and float \[3\] \(in `exp` at tensor\/.*:\d+\)$/,
  );
});
