/**
 * What the engine relies on, of every kind: a state saved at any step, read back and continued in a newly opened stage
 * ends in the same bytes. A kind without a case here is an error.
 */
import { beforeAll, expect, it } from 'vitest';
import { sha256 } from '../base/digest.ts';
import type { JsonObject } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import { decodeSafetensors, encodeSafetensors } from '../tensor/files/safetensors.ts';
import { openStage, runStage, type StageCase, stepsFrom } from '../test/rig/stage-runs.ts';
import { stageKinds } from './registry.ts';
import type { ArtifactFiles, StageResult, State } from './stage.ts';

const network: JsonObject = { kind: 'convnet', width: 4, depth: 2 };
const batchNorm: JsonObject = { ...network, norm: 'batch' };

/** The smallest parameters that go through every branch of a step. Inputs come from `select`. */
const CASES: readonly { kind: string; what: string; params: JsonObject; input?: string; threads?: number }[] = [
  { kind: 'select', what: 'random', params: { imagesPerClass: 2 } },
  { kind: 'match', what: 'dm', params: { method: 'dm', iterations: 6, batchReal: 6, network }, input: 'start' },
  {
    kind: 'match',
    what: 'dm with batch norm, two threads',
    params: { method: 'dm', iterations: 4, batchReal: 6, learningRate: 0.1, network: batchNorm },
    input: 'start',
    threads: 2,
  },
  {
    kind: 'match',
    what: 'dm without augmentation and momentum',
    params: { method: 'dm', iterations: 3, batchReal: 6, momentum: 0, augment: 'none', network },
    input: 'start',
  },
  // Epoch 4 comes after the rate has fallen; batches of 12 leave a last one of 8.
  { kind: 'evaluate', what: 'DSA', params: { epochs: 4, batchSize: 12, network }, input: 'images' },
  { kind: 'evaluate', what: 'batch norm', params: { epochs: 2, network: batchNorm }, input: 'images' },
];

let selected: ArtifactFiles;

beforeAll(async () => {
  const result = await runStage({ kind: 'select', params: { imagesPerClass: 2 } });
  selected = result.artifacts.images ?? {};
});

it('has a case of every kind', () => {
  expect(stageKinds.map(({ kind }) => kind).filter((kind) => !CASES.some((one) => one.kind === kind))).toEqual([]);
});

it.each(CASES)(
  '$kind ($what) ends in the same bytes wherever it is resumed',
  async ({ kind, params, input, threads = 1 }) => {
    const stage: StageCase = {
      kind,
      params,
      threads,
      inputs: input === undefined ? {} : { [input]: selected },
      seed: { base: 7, set: 2, evaluation: 1 },
    };
    const whole = await openStage(stage);
    const saved: SavedState[] = [];
    const end = await stepsFrom(whole.run, 0, await whole.run.init(), (state) => saved.push(save(state)));
    const expected = digests(await whole.run.finish(end));
    const { steps } = whole.run;
    whole.run.close?.();

    for (const step of new Set([0, 1, Math.floor(steps / 2), steps - 1].filter((index) => index < steps))) {
      const again = await openStage(stage);
      const resumed = await stepsFrom(again.run, step, load(saved[step]!));
      expect([step, digests(await again.run.finish(resumed))]).toEqual([step, expected]);
      again.run.close?.();
    }
  },
);

it.each(CASES)('$kind ($what) declares what it gives', async ({ kind, params, input }) => {
  const description = stageKinds.find((one) => one.kind === kind)!;
  expect(Object.keys(description.inputs)).toEqual(input === undefined ? [] : [input]);
  const { artifacts } = await runStage({ kind, params, ...(input !== undefined && { inputs: { [input]: selected } }) });
  expect(Object.keys(artifacts)).toEqual(Object.keys(description.outputs));
  for (const schema of Object.values(description.parameters.properties)) expect(schema).toHaveProperty('description');
});

interface SavedState {
  readonly tensors: Uint8Array;
  readonly values: string;
}

function save(state: State): SavedState {
  return { tensors: encodeSafetensors({ ...state.tensors }), values: JSON.stringify(state.values) };
}

function load({ tensors, values }: SavedState): State {
  return { tensors: unwrap(decodeSafetensors(tensors)).tensors, values: JSON.parse(values) as JsonObject };
}

function digests({ artifacts, metrics }: StageResult) {
  const files = Object.entries(artifacts).flatMap(([role, named]) =>
    Object.entries(named).map(([name, bytes]) => [`${role}/${name}`, sha256(bytes)]),
  );
  return { files: Object.fromEntries(files), metrics };
}
