/** A sharded stage through the real binary: a shard that failed is made alone, and what is exported is the whole set. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../../base/digest.ts';
import { unwrap } from '../../base/result.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { type Event, events, Project } from '../rig/retort.ts';

const YAML = `version: 1
name: in shards
data: { set: fashion-mnist }
network: { kind: convnet, width: 4, depth: 2, norm: batch }
resources: { threads: 1 }
stages:
  teacher: { stage: squeeze, epochs: 1, images: 50, batchSize: 20 }
  distil: { stage: recover, teacher: teacher, imagesPerClass: 1, iterations: 3, classesPerShard: 4 }
  score: { stage: evaluate, images: distil, epochs: 2, augment: none }
`;

const of = (told: readonly Event[], type: string) =>
  told.flatMap((event) => (event.type === type && event.node ? [event.node] : []));
const shard = (index: number) => `distil[set=1,shard=${index}of3]`;

const run = async (project: Project, flags: readonly string[] = [], environment = {}) => {
  const { code, stdout } = await project.retort(['run', 'shards.yaml', '--reporter', 'ndjson', ...flags], environment);
  return { code, told: events(stdout) };
};

it('a shard whose process died is made again alone', async () => {
  const project = new Project().write({ 'shards.yaml': YAML });
  expect((await project.retort(['plan', 'shards.yaml'])).stdout).toContain('its 3 shards');
  expect((await run(project, ['--only', 'teacher'])).code).toBe(0);
  // In the second step of the second shard.
  const { code, told } = await run(project, ['--concurrency', '1'], { RETORT_FAULT: 'step-done:5' });
  expect(code).toBe(0);
  const started = of(told, 'node-started');
  expect(started).toEqual([shard(1), shard(2), shard(2), shard(3), 'distil[set=1]', expect.stringContaining('score')]);
});

it('a shard that is lost is made again alone', async () => {
  const project = new Project().write({ 'shards.yaml': YAML });
  const { told } = await run(project);
  const done = told.find(({ type, node }) => type === 'node-done' && node === shard(2)) as unknown as {
    readonly artifacts: { readonly images: string };
  };
  const made = readFileSync(join(done.artifacts.images, 'synthetic-00004-00007.safetensors'));
  const digest = sha256(made);
  rmSync(project.path(`runs/objects/${digest.slice(0, 2)}/${digest}`));
  const again = await run(project, ['--only', 'distil']);
  expect(again.code).toBe(0);
  // What joins them has lost nothing else: it is whole again.
  expect(of(again.told, 'node-started')).toEqual([shard(2)]);
  expect((await project.retort(['verify'])).code).toBe(0);
});

it('is verified, and exported as one set', async () => {
  const project = new Project().write({ 'shards.yaml': YAML });
  const ran = await project.retort(['run', 'shards.yaml']);
  expect(ran.code).toBe(0);
  // Three parts, which stand in the folder of their shard and in that of the whole.
  expect(ran.stderr).toMatch(/^pictures: .*\/stages\/\*\/images\/after\*\.png \(\d+\)$/m);
  expect(ran.stderr).toMatch(/^synthetic sets: .*\/stages\/\*\/images\/synthetic\*\.safetensors \(6\)$/m);
  expect((await project.retort(['verify'])).code).toBe(0);
  const exported = await project.retort(['export', 'distil[set=1]', '--to', 'out', '--format', 'safetensors']);
  expect(exported).toMatchObject({ code: 0 });
  const { images, labels } = unwrap(decodeSafetensors(readFileSync(project.path('out/data.safetensors')))).tensors;
  expect(images?.shape).toEqual([10, 1, 28, 28]);
  expect([...(labels?.data ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const status = await project.retort(['status']);
  expect(status.stdout).toContain('6 nodes: 6 done');
});
