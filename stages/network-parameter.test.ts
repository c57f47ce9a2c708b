import { expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { hasBatchNorm, networkParameter, networkProblems } from './network-parameter.ts';

it('every family passes as it is', () => {
  for (const kind of networkParameter.properties.kind.enum)
    expect([kind, networkProblems({ kind })]).toEqual([kind, []]);
});

it.each<[JsonObject, string[], RegExp]>([
  [{ kind: 'resnet', width: 64 }, ['network', 'width'], /`resnet` has no `width`/],
  [{ kind: 'lenet', norm: 'batch' }, ['network', 'norm'], /nothing else/],
  [{ kind: 'vgg', depth: 12 }, ['network', 'depth'], /11.*13.*16.*19.*found `12`/],
  [{ kind: 'alexnet', norm: 'layer' }, ['network', 'norm'], /`none`, `batch`, `instance`/],
  [{ kind: 'convnet', norm: 'group', groups: 3 }, ['network'], /groups/],
  [{ kind: 'shufflenet-v2', widthMultiplier: 0.3 }, ['network', 'widthMultiplier'], /`0.5`, `1`, `1.5`, `2`/],
  [{ kind: 'wide-resnet', depth: 17 }, ['network'], /6n \+ 4/],
  [{ kind: 'vit', width: 100 }, ['network'], /heads/],
])('%j is refused at its key', (network, path, message) => {
  expect(networkProblems(network)).toEqual([{ path, message: expect.stringMatching(message) as string }]);
});

it('matching wants an embedding', () => {
  expect(networkProblems({ kind: 'mlp' }, { embeds: true })).toHaveLength(1);
  expect(networkProblems({ kind: 'convnet' }, { embeds: true })).toEqual([]);
});

it.each<[JsonObject, boolean]>([
  [{ kind: 'convnet' }, false],
  [{ kind: 'convnet', norm: 'batch' }, true],
  [{ kind: 'mobilenet-v2' }, true],
  [{ kind: 'wide-resnet', norm: 'instance' }, false],
  [{ kind: 'mlp' }, false],
])('batch norm of %j: %s', (network, has) => {
  expect(hasBatchNorm(network)).toBe(has);
});
