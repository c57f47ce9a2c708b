/**
 * What the engine relies on, of every kind, in this process: a state saved at any step, read back and continued in a newly
 * opened stage ends in the same bytes; what calls itself prefix-extending is; a snapshot changes nothing. A kind without a
 * case in `test/rig/stage-cases.ts` is an error. `test/bit-exact-mid-stage-resume.test.ts` does the same with processes that die.
 */
import { expect, it } from 'vitest';
import { sha256 } from '../base/digest.ts';
import type { JsonObject } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import { dataSetFacts } from '../data/registry.ts';
import { allDefaults } from '../engine/plan/defaults.ts';
import { decodeSafetensors, encodeSafetensors } from '../tensor/files/safetensors.ts';
import { CASES, type ConformanceCase, type UpstreamCase } from '../test/rig/stage-cases.ts';
import { openStage, runStage, type StageCase, stepsFrom } from '../test/rig/stage-runs.ts';
import { roleOf } from './input-roles.ts';
import { outputsOf } from './outputs.ts';
import { stageKinds } from './registry.ts';
import type { ArtifactFiles, StageKind, StageResult, State } from './stage.ts';

it('has a case of every kind', () => {
  expect(stageKinds.map(({ kind }) => kind).filter((kind) => !CASES.some((one) => one.kind === kind))).toEqual([]);
});

it.each(CASES)('$kind ($what) ends in the same bytes wherever it is resumed', async (given) => {
  const stage = await opened(given);
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
});

const SHARDED = CASES.map((given) => ({ ...given, shards: shardsOf(given) })).filter(({ shards }) => shards.length > 1);

it.skipIf(SHARDED.length === 0).each(SHARDED)(
  '$kind ($what): each shard is resumed to the same bytes, and they can be joined',
  async ({ shards, ...given }) => {
    const made = new Map<string, string>();
    for (const shard of shards) {
      const stage = { ...(await opened(given)), shard };
      const whole = await openStage(stage);
      const saved: SavedState[] = [];
      const end = await stepsFrom(whole.run, 0, await whole.run.init(), (state) => saved.push(save(state)));
      const expected = digests(await whole.run.finish(end));
      const again = await openStage(stage);
      const middle = Math.floor(again.run.steps / 2);
      const resumed = await stepsFrom(again.run, middle, load(saved[middle]!));
      expect([shard, digests(await again.run.finish(resumed))]).toEqual([shard, expected]);
      for (const { run } of [whole, again]) run.close?.();
      for (const [name, digest] of Object.entries<string>(expected.files)) {
        if (!kindOf(given.kind).joinFile) expect([name, made.get(name) ?? digest]).toEqual([name, digest]);
        made.set(name, digest);
      }
    }
  },
);

it('splits into what covers everything once, and says nothing of how', () => {
  for (const { kind, shards } of SHARDED) {
    const { splitting = [], parameters } = kindOf(kind);
    expect(splitting.length).toBeGreaterThan(0);
    for (const name of splitting) expect(parameters.properties).toHaveProperty(name);
    for (const range of Object.keys(shards[0]!)) {
      const ends = shards.map((shard) => shard[range] as [number, number]);
      expect(ends.slice(1).map(([from]) => from)).toEqual(ends.slice(0, -1).map(([, to]) => to));
    }
  }
});

const EXTENDING = CASES.filter(({ kind }) => kindOf(kind).prefixExtending !== undefined);

it.skipIf(EXTENDING.length === 0).each(EXTENDING)(
  '$kind ($what): a longer run goes on from the end of a shorter one, and a snapshot is what that one made',
  async (given) => {
    const parameter = kindOf(given.kind).prefixExtending!;
    const stage = await opened(given);
    const total = allDefaults(given.params, kindOf(given.kind))[parameter] as number;
    const whole = await openStage(stage);
    expect(whole.run.steps).toBe(total);
    const states: State[] = [];
    const end = await stepsFrom(whole.run, 0, await whole.run.init(), (state) => states.push(state));
    const expected = digests(await whole.run.finish(end));

    for (const length of new Set([1, Math.floor(total / 2), total - 1].filter((length) => length > 0))) {
      const short = await openStage({ ...stage, params: { ...given.params, [parameter]: length } });
      expect(short.run.steps).toBe(length);
      const shortEnd = await stepsFrom(short.run, 0, await short.run.init());
      const finished = digests(await short.run.finish(shortEnd));
      expect([length, digests(await whole.run.snapshot!(states[length]!))]).toEqual([length, finished]);
      const longer = await openStage(stage);
      const extended = await stepsFrom(longer.run, length, load(save(shortEnd)));
      expect([length, digests(await longer.run.finish(extended))]).toEqual([length, expected]);
      for (const { run } of [short, longer]) run.close?.();
    }
    whole.run.close?.();
  },
);

const SNAPSHOTS = CASES.filter(({ kind }) => kindOf(kind).prefixExtending !== undefined || kindOf(kind).steps);

it.skipIf(SNAPSHOTS.length === 0).each(SNAPSHOTS)('$kind ($what): snapshots change nothing', async (given) => {
  const stage = await opened(given);
  const { run } = await openStage(stage);
  const params = allDefaults(given.params, kindOf(given.kind));
  const { prefixExtending, steps } = kindOf(given.kind);
  expect(run.steps).toBe(prefixExtending === undefined ? steps?.(params) : params[prefixExtending]);
  let state = await run.init();
  for (let index = 0; index < run.steps; index++) {
    state = await run.step(state, index);
    const before = digests(await run.snapshot!(state));
    expect(digests(await run.snapshot!(state))).toEqual(before);
  }
  expect(digests(await run.finish(state))).toEqual(digests(await runStage(stage)));
  run.close?.();
});

it.each(CASES)('$kind ($what) declares what it gives', async (given) => {
  const description = kindOf(given.kind);
  expect(Object.keys(description.inputs)).toEqual(expect.arrayContaining(Object.keys(given.inputs ?? {}).map(roleOf)));
  for (const [role, { required }] of Object.entries(description.inputs))
    if (required) expect(Object.keys(given.inputs ?? {}).map(roleOf)).toContain(role);
  const stage = await opened(given);
  const { artifacts, metrics } = await runStage(stage);
  expect(description.figures ?? Object.keys(metrics)).toEqual(expect.arrayContaining(Object.keys(metrics)));
  expect(Object.keys(artifacts)).toEqual(Object.keys(outputsOf(description, allDefaults(given.params, description))));
  for (const schema of Object.values(description.parameters.properties)) expect(schema).toHaveProperty('description');
  expectBytesAsSaid(given, stage.inputs ?? {}, artifacts);
});

/** Kinds that cannot always say: a matrix of the data, a program, a file that is not looked at here, sets with their own steps. */
const SILENT = ['zca', 'command', 'import', 'match', 'rank'];

/** Around the numbers of a file of labels, which are few of a few images. */
const AROUND = 1500;

function expectBytesAsSaid(
  given: ConformanceCase,
  inputs: Readonly<Record<string, ArtifactFiles>>,
  artifacts: Readonly<Record<string, ArtifactFiles>>,
): void {
  const said = bytesSaid(given);
  if (said === undefined) {
    expect(SILENT).toContain(given.kind);
    return;
  }
  // What is handed on is not made.
  const read = new Set(Object.values(inputs).flatMap((files) => Object.values(files).map(sha256)));
  const own = Object.values(artifacts)
    .flatMap((files) => Object.values(files))
    .filter((bytes) => !read.has(sha256(bytes)));
  const stored = own.reduce((sum, { length }) => sum + length, 0);
  // Pictures, a fifth of a small set, are taken to be as large as those of photographs are.
  expect(said).toBeGreaterThan(0.9 * (stored - (given.kind === 'relabel' ? AROUND * own.length : 0)));
  expect(said).toBeLessThan(1.17 * stored);
}

function shardsOf({ kind, params, inputs = {} }: UpstreamCase): readonly JsonObject[] {
  const stage = kindOf(kind);
  const read = Object.entries(inputs).map(([role, given]) => [role, allDefaults(given.params, kindOf(given.kind))]);
  return stage.shards?.(allDefaults(params, stage), dataSetFacts('fashion-mnist'), Object.fromEntries(read)) ?? [];
}

/** As a plan asks for it. */
function bytesSaid({ kind, params, inputs = {} }: UpstreamCase): number | undefined {
  const stage = kindOf(kind);
  const read = Object.entries(inputs).map(([role, given]) => [role, allDefaults(given.params, kindOf(given.kind))]);
  return stage.bytes?.(allDefaults(params, stage), Object.fromEntries(read), dataSetFacts('fashion-mnist'));
}

function kindOf(name: string): StageKind {
  return stageKinds.find((one) => one.kind === name)!;
}

const SEED = { base: 7, set: 2, evaluation: 1 };

async function opened({ kind, params, threads = 1, ...given }: ConformanceCase): Promise<StageCase> {
  return { kind, params, threads, seed: SEED, inputs: await inputsOf({ kind, params, ...given }) };
}

const made = new Map<string, Promise<StageResult>>();

/** Each role takes the first output of its type, as in the engine. */
async function inputsOf({ kind, inputs = {} }: UpstreamCase): Promise<Record<string, ArtifactFiles>> {
  const files: Record<string, ArtifactFiles> = {};
  for (const [role, upstream] of Object.entries(inputs)) {
    const name = JSON.stringify(upstream);
    const { params } = upstream;
    const result =
      made.get(name) ??
      inputsOf(upstream).then((inner) => runStage({ ...{ kind: upstream.kind, params }, inputs: inner }));
    made.set(name, result);
    const output = Object.entries(kindOf(upstream.kind).outputs).find(
      ([, { type }]) => type === kindOf(kind).inputs[roleOf(role)]?.type,
    );
    files[role] = (await result).artifacts[output?.[0] ?? ''] ?? {};
  }
  return files;
}

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
