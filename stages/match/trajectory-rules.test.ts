/** What is wrong with methods, buffers and spaces is found before anything starts. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { allDefaults } from '../../engine/plan/defaults.ts';
import { buffer } from '../buffer/index.ts';
import { select } from '../select/index.ts';
import type { InputStage, StageKind } from '../stage.ts';
import { zca } from '../zca/index.ts';
import { match } from './index.ts';

function stage(name: string, kind: StageKind, params: JsonObject, inputs: Record<string, InputStage> = {}): InputStage {
  return { name, kind: kind.kind, params: allDefaults(params, kind), inputs };
}

const start = stage('start', select, {});
const experts = stage('experts', buffer, { epochs: 12 });
const whitening = stage('zca', zca, {});
const whitened = (one: InputStage): InputStage => ({ ...one, inputs: { whitening } });

function problemsOf(
  params: JsonObject,
  inputs: Readonly<Record<string, InputStage>> = { start, trajectories: experts },
) {
  const full = allDefaults({ method: 'mtt', maxStartEpoch: 5, ...params }, match);
  const problems = [...(match.rules?.(full) ?? []), ...(match.inputRules?.(full, inputs) ?? [])];
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

it('methods have defaults of their own, and the others none', () => {
  const of = (method: string) => allDefaults({ method }, match);
  expect(of('mtt')).toMatchObject({ iterations: 5000, studentSteps: 20, learningRate: 1000, gradient: 'exact' });
  expect(of('tesla')).toMatchObject({ iterations: 10_000, gradient: 'published', softLabels: false });
  expect(of('dm')).toMatchObject({ iterations: 20_000, learningRate: 1 });
  expect(of('dm')).not.toHaveProperty('studentSteps');
  expect(allDefaults({ method: 'mtt', iterations: 7 }, match).iterations).toBe(7);
  // `main.py` of DC: a tenth for the MLP.
  for (const method of ['dc', 'dsa']) {
    expect(allDefaults({ method, network: { kind: 'mlp' } }, match).learningRate).toBe(0.01);
    expect(allDefaults({ method, network: { kind: 'lenet' } }, match).learningRate).toBe(0.1);
  }
});

it('what fits has no problem', () => {
  expect(problemsOf({})).toEqual([]);
  // T⁺ counts the starts: the latest is at epoch 9, and three further are 12.
  expect(problemsOf({ maxStartEpoch: 10 })).toEqual([]);
  const space = { start: whitened(start), trajectories: whitened(experts), whitening };
  expect(problemsOf({}, space)).toEqual([]);
});

it.each<[string, JsonObject, Record<string, InputStage>, RegExp]>([
  ['too short', { maxStartEpoch: 11 }, {}, /^maxStartEpoch: .*epoch 13, but the experts of `experts` end at 12/],
  ['another network', { network: { width: 64 } }, {}, /^network: Students are of another network.*`experts`/],
  ['parameters of another method', { batchReal: 64 }, {}, /^batchReal: Method `mtt` takes no `batchReal`/],
  ['a gradient that it has not', { gradient: 'published' }, {}, /^gradient: /],
  ['its own spaces', {}, { trajectories: whitened(experts) }, /^trajectories: `experts` is made with `whitening: zca`/],
  ['a space of one', {}, { whitening }, /^whitening: `start` is made with no `whitening`, but this stage has `zca`/],
])('%s', (_, params, inputs, message) => {
  expect(problemsOf(params, { start, trajectories: experts, ...inputs })[0]).toMatch(message);
});

it('a buffer is read by those who follow one, and by no other', () => {
  expect(problemsOf({}, { start })).toEqual([expect.stringMatching(/^method: .*`trajectories: STAGE`/)]);
  const dm = { method: 'dm', maxStartEpoch: undefined } as unknown as JsonObject;
  expect(problemsOf(dm)).toContainEqual(expect.stringMatching(/^trajectories: Method `dm` reads no/));
});

it('experts of one buffer are trained alike', () => {
  const params = allDefaults({ epochs: 13, experts: 3 }, buffer);
  const problems = buffer.inputRules?.(params, { earlier: experts }) ?? [];
  expect(problems.map(({ path }) => path)).toEqual([['epochs']]);
});

it('a class without images is found in the data before anything starts, by those who need them', () => {
  const { train, test, ...facts } = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const perClass = Array.from({ length: 10 }, (_, label) => (label === 3 ? 0 : 800));
  const data = { ...facts, trainImages: train.count, testImages: test.count, perClass };
  const problems = (method: string) =>
    (match.dataRules?.(allDefaults({ method }, match), data) ?? []).map(({ message }) => message);
  for (const method of ['dm', 'dc', 'dsa'])
    expect(problems(method)).toEqual([expect.stringMatching(/has none of Dress/)]);
  for (const method of ['mtt', 'dd']) expect(problems(method)).toEqual([]);
});
