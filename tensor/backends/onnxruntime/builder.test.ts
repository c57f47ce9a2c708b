import { expect, it } from 'vitest';
import { input } from '../../expr.ts';
import { gradient } from '../../gradient.ts';
import { maxPool, sum } from '../../ops/index.ts';
import { GraphBuilder } from './builder.ts';
import { emitGraph } from './emit/graph.ts';

it('stores equal constants once, large ones too', () => {
  const graph = new GraphBuilder();
  const ones = () => new Float32Array(5000).fill(1);
  expect(graph.floats(ones())).toBe(graph.floats(ones()));
  expect(graph.floats(ones())).not.toBe(graph.floats(ones(), [50, 100]));
});

it('looks for maxima once, though only their adjoint wants their positions', () => {
  const x = input('x', [1, 2, 6, 6]);
  const pooled = maxPool(x, { size: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0] });
  const [slope] = gradient(sum(pooled), [x]);
  const { model } = emitGraph({ outputs: { pooled, slope: slope! } });
  expect(model.nodes.filter(({ op }) => op === 'MaxPool')).toMatchObject([
    { outputs: ['out_pooled', expect.any(String)] },
  ]);
});
