import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { decodeTeacher } from '../../nn/onnx/teacher.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { runStage } from '../../test/rig/stage-runs.ts';

const network = { kind: 'convnet', width: 6, depth: 2, norm: 'batch' };

it('is trained on real images and handed on as a network', async () => {
  const params = { network, images: 800, epochs: 5, batchSize: 64, augment: 'none' };
  const { metrics, artifacts, figures } = await runStage({ kind: 'pretrain', params });
  expect(figures).toHaveLength(5);
  expect(metrics.accuracy).toBeGreaterThan(0.4);

  const teacher = unwrap(decodeTeacher(artifacts.network!['network.onnx']!));
  expect(teacher.network.spec).toMatchObject(network);
  expect(teacher.metadata).toMatchObject({ set: 'fashion-mnist', mean: '[0.2861]' });
  const { tensors } = unwrap(decodeSafetensors(artifacts.network!['network.safetensors']!));
  expect(Object.keys(tensors).sort()).toEqual(Object.keys(teacher.values).sort());
  for (const [name, { data }] of Object.entries(teacher.values)) expect(tensors[name]!.data).toEqual(data);
  expect(Object.keys(tensors).filter((name) => name.startsWith('momentum'))).toEqual([]);
  const file = JSON.parse(new TextDecoder().decode(artifacts.metrics!['metrics.json'])) as object;
  expect(file).toEqual({ ...metrics, testImages: 2000 });
});

it.each(['cosine', 'constant', 'half'])(
  'schedule %s ends elsewhere than the others, from one start',
  async (schedule) => {
    const params = { network, images: 60, epochs: 4, batchSize: 60, augment: 'none', schedule };
    const { metrics } = await runStage({ kind: 'pretrain', params });
    const constant = await runStage({ kind: 'pretrain', params: { ...params, schedule: 'constant' } });
    // Of four passes none comes after pass ⌊4/2⌋ + 2.
    if (schedule === 'cosine') expect(metrics.trainLoss).not.toBe(constant.metrics.trainLoss);
    else expect(metrics).toEqual(constant.metrics);
  },
);
