/** Networks from a case's words: layers in their order, parameters in theirs, shapes as the words say. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { input } from '../../tensor/expr.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';
import { describedNetwork } from './described-network.ts';

function listOf(shapes: readonly (readonly number[])[]) {
  return shapes.map((shape, index) => ({ name: `p${index}`, shape }));
}

it('reads the network of DD for CIFAR-10', () => {
  const words =
    'AlexCifarNet: conv5x5x64 p2-ReLU-maxpool 3 s2 p1-LRN(size 4, alpha 0.001/9, beta 0.75, k 1); ' +
    'conv5x5x64 p2-ReLU-LRN(size 4, alpha 0.001/9, beta 0.75, k 1)-maxpool 3 s2 p1; 4096-384-192-C';
  const list = listOf([
    [64, 3, 5, 5],
    [64],
    [64, 64, 5, 5],
    [64],
    [384, 4096],
    [384],
    [192, 384],
    [192],
    [10, 192],
    [10],
  ]);
  const { classify, parameters } = unwrap(describedNetwork(words, list));
  const logits = classify(input('x', [2, 3, 32, 32]), parameters);
  expect(logits.shape).toEqual([2, 10]);
  const ops = inTopologicalOrder([logits]).map(({ op }) => op);
  expect(ops.filter((op) => op === 'relu')).toHaveLength(4);
  expect(ops.filter((op) => op === 'maxPool')).toHaveLength(2);
  expect(ops.filter((op) => op === 'pow')).toHaveLength(2);
});

it('says which layer it does not know, and when parameters are left over', () => {
  expect(describedNetwork('flatten - dropout - linear 3', [])).toMatchObject({
    error: { message: 'network layer "dropout"' },
  });
  const { classify, parameters } = unwrap(describedNetwork('flatten - linear C', listOf([[3, 8], [3], [3]])));
  expect(() => classify(input('x', [2, 2, 2, 2]), parameters)).toThrow('takes 2 of 3 parameters');
});
