/** The script beside an exported buffer: what it knows, and where PyTorch is installed, what it reads. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { encodeTrajectory, fileOfExpert } from '../../stages/trajectories.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { expertsPy } from './experts-py.ts';

const network = unwrap(
  buildNetwork({ kind: 'convnet', width: 3, depth: 1 }, { channels: 1, height: 28, width: 28, classes: 4 }),
);
const snapshots = (expert: number) =>
  [0, 1].map((epoch) => initialise(network, randomStream({ base: 1 }, 'test'), 2 * expert + epoch));
const files = new Map(
  [0, 1].map((expert) => [
    fileOfExpert(expert),
    encodeTrajectory(snapshots(expert), { network, set: 'fashion-mnist', whitening: undefined }),
  ]),
);

it('knows the order of the network, in which other code keeps parameters', () => {
  expect(expertsPy(files)).toContain(
    'ORDER = ["conv0.weight","conv0.bias","norm0.weight","norm0.bias","classifier.weight","classifier.bias"]',
  );
  expect(expertsPy(new Map([['zca.safetensors', files.get(fileOfExpert(0))!]]))).toBeUndefined();
});

const python = process.env.RETORT_PYTHON ?? 'python3';
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0;

it.skipIf(!hasTorch)(`reads every parameter and writes a replay buffer${hasTorch ? '' : ' (no PyTorch here)'}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'retort-experts-'));
  try {
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    writeFileSync(join(folder, 'load.py'), expertsPy(files)!);
    const told = spawnSync(python, ['load.py', 'replay_buffer_0.pt'], { cwd: folder, encoding: 'utf8' });
    // 27 + 3 + 3 + 3 of the block, 4 x 768 + 4 of the last layer.
    expect([told.status, told.stdout]).toEqual([0, '2 experts of 1 epochs, 3112 parameters\n']);
    const read =
      'import torch; b = torch.load("replay_buffer_0.pt"); print(len(b), len(b[1]), [p.reshape(-1)[0].item() for p in b[1][1]])';
    const counts = spawnSync(python, ['-c', read], { cwd: folder, encoding: 'utf8' }).stdout;
    const values = network.parameters.map(({ name }) => snapshots(1)[1]![name]!.data[0]!);
    expect(JSON.parse(counts.slice(4))).toEqual(values.map((value) => expect.closeTo(value, 7) as number));
    expect(counts).toMatch(/^2 2 /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
