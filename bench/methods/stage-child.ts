/**
 * Our side: a process that opens a stage as an attempt does, on noise of CIFAR's shape, and runs its steps. Speaks JSON
 * lines as the peers do; its first answer comes when the engine is loaded and idle, and peaks count from there.
 */
import { createInterface } from 'node:readline';
import { sha256 } from '../../base/digest.ts';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { allDefaults } from '../../engine/plan/defaults.ts';
import { initialise } from '../../nn/init.ts';
import { heldFiles } from '../../stages/held-files.ts';
import { asStageSees } from '../../stages/input-roles.ts';
import { networkFor } from '../../stages/network-parameter.ts';
import { stageKind } from '../../stages/registry.ts';
import type { ArtifactFiles, StageRun } from '../../stages/stage.ts';
import { encodeTrajectory, fileOfExpert } from '../../stages/trajectories.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { add } from '../../tensor/ops/index.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { scalar } from '../../tensor/tensor.ts';
import { peakMemory, resetPeak, residentMemory } from '../steps/memory.ts';
import type { Work } from './works.ts';

export interface ChildConfiguration {
  readonly work: Work;
  readonly folder: string;
  readonly backend: string;
  readonly threads: number;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { work, folder, backend: name, threads } = JSON.parse((await lines.next()).value) as ChildConfiguration;
const backend = unwrap(await openBackend(name, { threads }));
const seed = { base: 1, set: 1 };
const network = { kind: 'convnet', width: work.width } satisfies JsonObject;

const start = await (async () => {
  const run = await opened('select', { method: 'random', imagesPerClass: work.imagesPerClass }, {});
  let state = await run.init();
  for (let step = 0; step < run.steps; step++) state = await run.step(state, step);
  const { artifacts } = await run.finish(state);
  run.close?.();
  return artifacts.images as ArtifactFiles;
})();
const inputs =
  work.stage === 'evaluate' ? { images: start } : { start, ...(work.follows && { trajectories: experts() }) };
const x = input('x', []);
await (await compile(backend, { y: add(x, x) })).run({ x: scalar(1) });
globalThis.gc?.();
const idle = residentMemory();
resetPeak();
process.stdout.write(`${JSON.stringify({ idle })}\n`);

const run = await opened(work.stage, { ...work.params, network }, inputs);
let state = await run.init();
let step = 0;
for await (const line of lines) {
  const ms: number[] = [];
  for (let left = (JSON.parse(line) as { steps: number }).steps; left > 0; left--) {
    const begun = performance.now();
    state = await run.step(state, step++);
    ms.push(performance.now() - begun);
  }
  process.stdout.write(`${JSON.stringify({ ms, peak: peakMemory() - idle })}\n`);
}

async function opened(
  kind: string,
  params: JsonObject,
  given: Readonly<Record<string, ArtifactFiles>>,
): Promise<StageRun> {
  const stage = stageKind(kind);
  if (!stage) throw new Error(`Internal error: expected a stage kind, got ${kind}`);
  const readers = Object.fromEntries(Object.entries(given).map(([role, files]) => [role, heldFiles(files)]));
  return stage.open({
    params: allDefaults(params, stage),
    ...{ seed, backend, threads },
    inputs: asStageSees(stage, readers),
    data: { set: work.set, folder },
    files: {
      put: (bytes) => ({ sha256: sha256(bytes), bytes: bytes.length }),
      has: () => false,
      read: () => new Uint8Array(0),
    },
    report: () => {},
  });
}

/** Two experts of one epoch each, from one random network to another: only their shape counts here. */
function experts(): ArtifactFiles {
  const built = networkFor(network, unwrap(openDataSet(work.set, folder)));
  const drawn = (draw: number) => initialise(built, randomStream({ base: 0 }, 'bench/experts'), draw);
  const origin = { network: built, set: work.set, whitening: undefined };
  return Object.fromEntries(
    [0, 1].map((expert) => [
      fileOfExpert(expert),
      encodeTrajectory([drawn(2 * expert), drawn(2 * expert + 1)], origin),
    ]),
  );
}
