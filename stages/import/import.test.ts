/** A network that another program wrote: read, tested, and images recovered from its norms. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { runStage } from '../../test/rig/stage-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of ours without what says that it is ours. */
async function foreign(norm: string, name: string): Promise<{ path: string; accuracy: number }> {
  const network = { kind: 'convnet', width: 6, depth: 2, norm };
  const params = { network, images: 400, epochs: 3, batchSize: 50, augment: 'none' };
  const { artifacts, metrics } = await runStage({ kind: 'squeeze', params });
  const text = Buffer.from(artifacts.network!['network.onnx']!).toString('latin1');
  const path = join(folder, name);
  writeFileSync(path, Buffer.from(text.replace('retort.network', 'others.network'), 'latin1'));
  return { path, accuracy: metrics.accuracy! };
}

it('is as accurate as where it came from, and images are recovered from it', async () => {
  const { path, accuracy } = await foreign('batch', 'normed.onnx');
  const { artifacts, metrics } = await runStage({ kind: 'import', params: { file: path } });
  expect(metrics.accuracy).toBe(accuracy);
  const params = { imagesPerClass: 1, iterations: 30, crop: false, flip: false, jitter: 0, batchNorm: 1 };
  const { figures } = await runStage({ kind: 'recover', params, inputs: { teacher: artifacts.network! } });
  expect(figures.at(-1)!.batchNorm).toBeLessThan(0.5 * figures[0]!.batchNorm!);
});

it('says what can be done where it has no batch norm', async () => {
  const { path } = await foreign('none', 'plain.onnx');
  const { artifacts } = await runStage({ kind: 'import', params: { file: path } });
  const run = runStage({ kind: 'recover', params: { imagesPerClass: 1 }, inputs: { teacher: artifacts.network! } });
  await expect(run).rejects.toMatchObject({
    failure: { code: 'TEACHER_WITHOUT_BATCH_NORM', help: expect.stringMatching(/PRESERVE|g-vbsm/) as string },
  });
});

it('refuses a file of other images, and one that is none', async () => {
  const other = join(import.meta.dirname, '../../nn/onnx/fixtures/resnet-norms.onnx');
  await expect(runStage({ kind: 'import', params: { file: other } })).rejects.toMatchObject({
    failure: { code: 'TEACHER_INPUT', message: expect.stringContaining('of 5 classes') as string },
  });
  const none = join(folder, 'none.onnx');
  writeFileSync(none, 'no network');
  await expect(runStage({ kind: 'import', params: { file: none } })).rejects.toHaveProperty('failure.code');
});

it('refuses a file whose weights are no numbers', async () => {
  const size = { channels: 1, height: 28, width: 28, classes: 10 };
  const network = unwrap(buildNetwork({ kind: 'convnet', width: 4, depth: 1, norm: 'batch' }, size));
  const values = initialise(network, randomStream({ base: 1 }, 'network'), 0);
  const [name] = Object.keys(values) as [string];
  values[name]!.data[3] = Number.NaN;
  const file = join(folder, 'broken.onnx');
  for (const own of [true, false]) {
    const text = Buffer.from(unwrap(encodeTeacher({ network, values }))).toString('latin1');
    writeFileSync(file, Buffer.from(own ? text : text.replace('retort.network', 'others.network'), 'latin1'));
    await expect(runStage({ kind: 'import', params: { file } })).rejects.toMatchObject({
      failure: { code: 'TEACHER_NOT_FINITE', message: expect.stringContaining(`\`${name}\``) as string, place: file },
    });
  }
});
