/** Selects from a folder of pictures and says the most memory that it took beyond the engine's, in bytes. */
import { unwrap } from '../../base/result.ts';
import { openedStage } from '../../bench/methods/stage-steps.ts';
import { peakMemory, resetPeak, residentMemory } from '../../bench/steps/memory.ts';
import { openDataFacts } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { randomStream } from '../../tensor/random/stream.ts';

const [set = '', folder = '', method = 'random'] = process.argv.slice(2);
const backend = unwrap(await openBackend('onnxruntime', { threads: 1 }));
const network = unwrap(buildNetwork({ kind: 'convnet', width: 4 }, unwrap(openDataFacts(set, folder))));
const values = initialise(network, randomStream({ base: 1 }, 'memory'), 0);
const given = { 'network.onnx': unwrap(encodeTeacher({ network, values })) };
const inputs = method === 'herding' || method === 'k-center' ? { network: given } : {};

globalThis.gc?.();
const before = residentMemory();
resetPeak();
const place = { backend, threads: 1, data: { set, folder } };
const run = await openedStage(place, 'select', { method, imagesPerClass: 2 }, inputs);
let state = await run.init();
for (let step = 0; step < run.steps; step++) state = await run.step(state, step);
await run.finish(state);
run.close?.();
process.stdout.write(JSON.stringify({ peak: peakMemory() - before }));
