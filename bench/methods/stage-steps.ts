/** What our sides have in common that run stages: a stage opened as an attempt opens it, and its steps, told as the peers tell theirs. */
import { createInterface } from 'node:readline';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { allDefaults } from '../../engine/plan/defaults.ts';
import { heldFiles } from '../../stages/held-files.ts';
import { asStageSees } from '../../stages/input-roles.ts';
import { stageKind } from '../../stages/registry.ts';
import type { ArtifactFiles, StageRun } from '../../stages/stage.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { add } from '../../tensor/ops/index.ts';
import { scalar } from '../../tensor/tensor.ts';
import { peakMemory, resetPeak, residentMemory } from '../steps/memory.ts';

export interface StagePlace {
  readonly backend: Backend;
  readonly threads: number;
  readonly data: { readonly set: string; readonly folder: string };
}

/** The store of this process. */
const kept = new Map<string, Uint8Array>();
const SEED = { base: 1, set: 1 };

export async function openedStage(
  { backend, threads, data }: StagePlace,
  kind: string,
  params: JsonObject,
  inputs: Readonly<Record<string, ArtifactFiles>>,
): Promise<StageRun> {
  const stage = stageKind(kind);
  if (!stage) throw new Error(`Internal error: expected a stage kind, got ${kind}`);
  const readers = Object.fromEntries(Object.entries(inputs).map(([role, files]) => [role, heldFiles(files)]));
  return stage.open({
    params: allDefaults(params, stage),
    ...{ seed: SEED, backend, threads, data },
    inputs: asStageSees(stage, readers),
    files: {
      put(bytes) {
        const digest = sha256(bytes);
        kept.set(digest, bytes);
        return { sha256: digest, bytes: bytes.length };
      },
      has: ({ sha256: digest }) => kept.has(digest),
      read: ({ sha256: digest }, range) => (kept.get(digest) ?? new Uint8Array(0)).subarray(range?.from, range?.to),
    },
    report: () => {},
  });
}

/** The first answer: engine and inputs are loaded, and nothing is done; peaks count from there. */
export async function idle(backend: Backend): Promise<number> {
  const x = input('x', []);
  await (await compile(backend, { y: add(x, x) })).run({ x: scalar(1) });
  globalThis.gc?.();
  const bytes = residentMemory();
  resetPeak();
  tell({ idle: bytes });
  return bytes;
}

/** All of a stage, and its files of one role. */
export async function filesOf(run: StageRun, role: string): Promise<ArtifactFiles> {
  let state = await run.init();
  for (let step = 0; step < run.steps; step++) state = await run.step(state, step);
  const { artifacts, stored = {} } = await run.finish(state);
  run.close?.();
  const put = Object.entries(stored[role] ?? {}).map(([name, { sha256: digest }]) => [name, kept.get(digest)]);
  return { ...artifacts[role], ...Object.fromEntries(put) };
}

/** Steps of `run`, as many as each further line asks for. */
export async function answerSteps(run: StageRun, lines: AsyncIterable<string>, idleBytes: number): Promise<void> {
  let state = await run.init();
  let step = 0;
  for await (const line of lines) {
    const ms: number[] = [];
    for (let left = (JSON.parse(line) as { steps: number }).steps; left > 0; left--) {
      const begun = performance.now();
      state = await run.step(state, step++);
      ms.push(performance.now() - begun);
    }
    tell({ ms, peak: peakMemory() - idleBytes });
  }
}

/** The first line configures; the others are for `answerSteps`. */
export async function configured<T>(): Promise<{ configuration: T; lines: AsyncIterable<string> }> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const configuration = JSON.parse((await lines.next()).value) as T;
  return { configuration, lines: { [Symbol.asyncIterator]: () => lines } };
}

function tell(answer: Json): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
