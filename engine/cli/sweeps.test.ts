import { expect, it } from 'vitest';
import { swept, valuesOf } from './sweeps.ts';

it('several values are an axis, whatever else the line holds', () => {
  expect(swept(['a.yaml', 'stages.score.epochs=1,2', 'seed=3', '+network={kind: convnet, width: 8},resnet18'])).toEqual(
    {
      ok: true,
      value: [
        ...['a.yaml', '+matrix.epochs=[1,2]', 'stages.score.epochs=$epochs', 'seed=3'],
        ...['+matrix.network=[{kind: convnet, width: 8},resnet18]', '+network=$network'],
      ],
    },
  );
  expect(swept(['matrix.imagesPerClass=1,10'])).toEqual({ ok: true, value: ['matrix.imagesPerClass=[1,10]'] });
  const twice = swept(['a.epochs=1,2', 'b.epochs=3,4']);
  expect(twice.ok && twice.value.slice(2)).toEqual(['+matrix.b_epochs=[3,4]', 'b.epochs=$b_epochs']);
  expect(swept(['a.yaml', 'x=[1,2]'])).toMatchObject({ ok: false, error: { code: 'USAGE' } });
});

it('commas in brackets and quotes separate nothing', () => {
  expect(valuesOf(`[1,2],{a: 1, b: 2},"x,y",'z'`)).toEqual(['[1,2]', '{a: 1, b: 2}', '"x,y"', "'z'"]);
  expect(valuesOf('1')).toEqual(['1']);
});
