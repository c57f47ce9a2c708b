/**
 * Our side: a process that opens a stage as an attempt does, on noise of CIFAR's shape, and runs its steps. Speaks JSON
 * lines as the peers do; its first answer comes when the engine is loaded and idle, and peaks count from there.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { networkFor } from '../../stages/network-parameter.ts';
import type { ArtifactFiles } from '../../stages/stage.ts';
import { encodeTrajectory, fileOfExpert } from '../../stages/trajectories.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { answerSteps, configured, filesOf, idle, openedStage } from './stage-steps.ts';
import type { Work } from './works.ts';

export interface ChildConfiguration {
  readonly work: Work;
  readonly folder: string;
  readonly backend: string;
  readonly threads: number;
}

const { configuration, lines } = await configured<ChildConfiguration>();
const { work, folder, backend: name, threads } = configuration;
const backend = unwrap(await openBackend(name, { threads }));
const place = { backend, threads, data: { set: work.set, folder } };
const network = { kind: 'convnet', width: work.width } satisfies JsonObject;

const drawn = { method: 'random', imagesPerClass: work.imagesPerClass };
const start = await filesOf(await openedStage(place, 'select', drawn, {}), 'images');
const inputs =
  work.stage === 'evaluate' ? { images: start } : { start, ...(work.follows && { trajectories: experts() }) };
const idleBytes = await idle(backend);
await answerSteps(await openedStage(place, work.stage, { ...work.params, network }, inputs), lines, idleBytes);

/** Two experts of one epoch each, from one random network to another: only their shape counts here. */
function experts(): ArtifactFiles {
  const built = networkFor(network, unwrap(openDataSet(work.set, folder)), backend);
  const random = (draw: number) => initialise(built, randomStream({ base: 0 }, 'bench/experts'), draw);
  const origin = { network: built, set: work.set, whitening: undefined };
  return Object.fromEntries(
    [0, 1].map((expert) => [
      fileOfExpert(expert),
      encodeTrajectory([random(2 * expert), random(2 * expert + 1)], origin),
    ]),
  );
}
