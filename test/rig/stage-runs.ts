/** Stages opened as the engine opens them, on the bundled data, without store or child processes. */

import { sha256 } from '../../base/digest.ts';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder } from '../../data/registry.ts';
import { allDefaults } from '../../engine/plan/defaults.ts';
import { without } from '../../engine/plan/key.ts';
import { heldFiles } from '../../stages/held-files.ts';
import { asStageSees } from '../../stages/input-roles.ts';
import { stageKind } from '../../stages/registry.ts';
import type { ArtifactFiles, Seed, StageResult, StageRun, State } from '../../stages/stage.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { openBackend } from '../../tensor/backends/open.ts';

export interface StageCase {
  readonly kind: string;
  readonly params: JsonObject;
  readonly inputs?: Readonly<Record<string, ArtifactFiles>>;
  readonly seed?: Seed;
  readonly backend?: string;
  /** Native threads; one unless given, since several test files run side by side. */
  readonly threads?: number;
  /** A part of the bundled set (`fashion-mnist?classes=0,1`); the whole unless given. */
  readonly set?: string;
  /** One of its shards instead of all of it. */
  readonly shard?: JsonObject;
}

export interface OpenedStage {
  readonly run: StageRun;
  /** What the stage reported, in order. */
  readonly figures: Readonly<Record<string, number>>[];
}

const backends = new Map<string, Promise<Backend>>();

export function backendFor(name = 'onnxruntime', threads = 1): Promise<Backend> {
  const key = `${name} ${threads}`;
  const opened = backends.get(key) ?? openBackend(name, { threads }).then(unwrap);
  backends.set(key, opened);
  return opened;
}

export async function openStage({
  kind,
  params,
  inputs = {},
  seed,
  backend,
  threads,
  set = 'fashion-mnist',
  shard,
}: StageCase): Promise<OpenedStage> {
  const stage = stageKind(kind);
  if (!stage) throw new Error(`No stage kind ${kind}`);
  const full = allDefaults(params, stage);
  const problems = stage.rules?.(full) ?? [];
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  const figures: Readonly<Record<string, number>>[] = [];
  const run = await stage.open({
    // As a plan hands them out.
    params: without(full, [...(stage.splitting ?? []), ...((shard && stage.covered) ?? [])]),
    ...(shard && { shard }),
    seed: seed ?? { base: 1, set: 1 },
    inputs: asStageSees(
      stage,
      Object.fromEntries(Object.entries(inputs).map(([role, files]) => [role, heldFiles(files)])),
    ),
    data: { set, folder: bundledFolder('fashion-mnist') },
    backend: await backendFor(backend, threads),
    files: { put: keep, has: ({ sha256: digest }) => kept.has(digest), read: keptBytes },
    report: (reported) => figures.push(reported),
  });
  const { finish, snapshot } = run;
  const stored: StageRun = {
    ...run,
    finish: async (state) => stores(await finish(state)),
    ...(snapshot && { snapshot: async (state: State) => stores(await snapshot(state)) }),
  };
  return { run: stored, figures };
}

function keptBytes({ sha256: digest }: { sha256: string }, range?: { from: number; to: number }): Uint8Array {
  const bytes = kept.get(digest);
  if (!bytes) throw new Error(`No file ${digest}`);
  return range ? bytes.subarray(range.from, range.to) : bytes;
}

/** What steps have put into the store, for all stages of a test file. */
const kept = new Map<string, Uint8Array>();

function keep(bytes: Uint8Array) {
  const file = { sha256: sha256(bytes), bytes: bytes.length };
  kept.set(file.sha256, bytes);
  return file;
}

/** What is deferred is made, and what steps have stored is put beside it, as when it is stored. */
function stores({ artifacts, deferred = {}, stored = {}, metrics }: StageResult): StageResult {
  const all = Object.entries(artifacts).map(([role, files]) => {
    const made = Object.entries(deferred[role] ?? {}).map(([name, make]) => [name, make()]);
    const put = Object.entries(stored[role] ?? {}).map(([name, file]) => [name, kept.get(file.sha256)]);
    return [role, { ...files, ...Object.fromEntries([...made, ...put]) }];
  });
  return { artifacts: Object.fromEntries(all), metrics };
}

/** Steps `from` up to the end; `seen` gets every state before its step. */
export async function stepsFrom(run: StageRun, from: number, state: State, seen?: (state: State) => void) {
  let current = state;
  for (let index = from; index < run.steps; index++) {
    seen?.(current);
    current = await run.step(current, index);
  }
  return current;
}

/** From start to end. */
export async function runStage(stage: StageCase): Promise<StageResult & { figures: OpenedStage['figures'] }> {
  const { run, figures } = await openStage(stage);
  const result = await run.finish(await stepsFrom(run, 0, await run.init()));
  run.close?.();
  return { ...result, figures };
}
