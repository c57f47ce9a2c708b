/**
 * Our side: the stages `recover`, `relabel` and `evaluate` on a random network as experiments run them. Time goes by
 * shapes alone, so nothing is trained. Its first answer comes when engine and inputs are loaded; peaks count from there.
 */
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { networkFor } from '../../stages/network-parameter.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { answerSteps, configured, filesOf, idle, openedStage } from '../methods/stage-steps.ts';
import { networkOf, RECOVER, STUDENT, type Work } from './works.ts';

export interface ChildConfiguration {
  readonly work: Work;
  readonly folder: string;
  readonly backend: string;
  readonly threads: number;
}

/** More than are timed. */
const ENDLESS = 50_000;

const { configuration, lines } = await configured<ChildConfiguration>();
const { work, folder, backend: name, threads } = configuration;
const backend = unwrap(await openBackend(name, { threads }));
const data = { set: work.set, folder };
const place = { backend, threads, data };

const built = networkFor(networkOf(work), unwrap(openDataSet(data.set, data.folder)), backend);
const values = initialise(built, randomStream({ base: 0 }, 'bench/teacher'), 0);
const teacher = { 'network.onnx': unwrap(encodeTeacher({ network: built, values })) };

/** A synthetic set, and for students its labels of a few epochs. */
const inputs = await (async () => {
  if (work.kind === 'recover') return { teacher };
  const drawn = { method: 'random', imagesPerClass: work.imagesPerClass };
  const images = await filesOf(await openedStage(place, 'select', drawn, {}), 'images');
  if (work.kind === 'relabel') return { images, teacher };
  const labelled = await openedStage(place, 'relabel', { ...labelling(), epochs: 2 }, { images, teacher });
  return { images, labels: await filesOf(labelled, 'labels') };
})();
const idleBytes = await idle(backend);
await answerSteps(await opened(), lines, idleBytes);

function opened() {
  const { batchSize, imagesPerClass } = work;
  switch (work.kind) {
    case 'recover':
      return openedStage(place, 'recover', { ...RECOVER, imagesPerClass, batchSize, iterations: ENDLESS }, inputs);
    case 'relabel':
      return openedStage(place, 'relabel', { ...labelling(), epochs: ENDLESS }, inputs);
    case 'student':
      return openedStage(place, 'evaluate', { ...STUDENT, network: networkOf(work), epochs: ENDLESS }, inputs);
  }
}

function labelling() {
  return { batchSize: work.batchSize, mix: work.mix };
}
