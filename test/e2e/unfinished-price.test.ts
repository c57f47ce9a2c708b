/** The price of what is unfinished is that of the rest: by the share of its steps, whatever a step is, and of files that are not there yet. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { newestCheckpoint } from '../../engine/store/checkpoints.ts';
import { openStore } from '../../engine/store/store.ts';
import type { StoredFile } from '../../stages/stage.ts';
import { Project } from '../rig/retort.ts';

const YAML = `version: 1
name: unfinished
data: { set: fashion-mnist }
network: { kind: convnet, width: 4, depth: 2, norm: batch }
resources: { threads: 1 }
stages:
  teacher: { stage: squeeze, epochs: 1, images: 50, batchSize: 20 }
  images: { stage: select, imagesPerClass: 2 }
  labels: { stage: relabel, images: images, teacher: teacher, epochs: 40000, batchSize: 20, epochsPerShard: 20000 }
  distil: { stage: recover, teacher: teacher, imagesPerClass: 2, iterations: 10000, batchSize: 5 }
`;

interface Planned {
  readonly id: string;
  readonly key: string;
  readonly state: string;
  readonly fromStep?: number;
  readonly fromSeconds?: number;
  readonly doneShare?: number;
  readonly storedBytes?: number;
  readonly estimate?: { readonly seconds: { readonly median: number } };
}

/** Stopped with a checkpoint after some steps of `node`, and planned then. */
async function stoppedIn(node: string, stage: string) {
  const project = new Project().write({ 'own.yaml': YAML });
  const running = project.start(['run', 'own.yaml', '--only', stage, '--concurrency', '1', '--reporter', 'ndjson']);
  await running.event((event) => event.node === node && event.type === 'node-progress' && (event.step ?? 0) >= 5);
  expect((await running.kill('SIGINT')).code).toBe(75);
  const { stdout } = await project.retort(['plan', 'own.yaml', '--json']);
  const [plan] = (JSON.parse(stdout) as { plans: { price: { bytes: number }; nodes: Planned[] }[] }).plans;
  const found = plan?.nodes.find(({ id }) => id === node);
  if (!found?.fromStep || !found.fromSeconds || !found.doneShare || !found.estimate)
    throw new Error(`Expected ${node} to be continued, got ${JSON.stringify(found)}`);
  const text = (await project.retort(['plan', 'own.yaml'])).stdout;
  return { project, node: found as Required<Planned>, text };
}

it('of labels: the epochs of the shard that are left, and the files that are not in the store', async () => {
  const { project, node, text } = await stoppedIn('labels[set=1,shard=1of2]', 'labels');
  expect(node).toMatchObject({ state: 'to continue', doneShare: node.fromStep / 20_000 });
  // By its own pace: of the other shard there is nothing yet.
  const rest = (node.fromSeconds * (1 - node.doneShare)) / node.doneShare;
  expect(node.estimate.seconds.median).toBeCloseTo(rest, 6);
  const kept = newestCheckpoint(unwrap(openStore(project.path('runs'))), node.key)?.state.values.files;
  const files = kept as unknown as readonly StoredFile[];
  expect(files).toHaveLength(node.fromStep);
  expect(node.storedBytes).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(text).toMatch(
    /Files of relabel \([^)]+iB\), recover \([^)]+iB\): [\d.]+ [KMG]iB, known beforehand, [\d.]+ [KMG]?i?B of them there already\.\n/,
  );
  // The same while another process is at it.
  const running = project.start(['run', 'own.yaml', '--only', 'labels', '--concurrency', '1', '--reporter', 'ndjson']);
  await running.event((event) => event.node === node.id && event.type === 'node-started');
  const { stdout } = await project.retort(['plan', 'own.yaml', '--json']);
  const { nodes } = JSON.parse(stdout).plans[0] as { nodes: Planned[] };
  const seen = nodes.find(({ id }) => id === node.id);
  expect(seen?.state).toBe('running');
  // It may have written another checkpoint meanwhile.
  for (const done of ['doneShare', 'storedBytes', 'fromStep'] as const)
    expect(seen?.[done]).toBeGreaterThanOrEqual(node[done]);
  expect((await running.kill('SIGINT')).code).toBe(75);
});

it('of recovery, whose steps are iterations of several batches', async () => {
  const { node } = await stoppedIn('distil[set=1]', 'distil');
  expect(node.doneShare).toBe(node.fromStep / 40_000);
  const rest = (node.fromSeconds * (1 - node.doneShare)) / node.doneShare;
  expect(node.estimate.seconds.median).toBeCloseTo(rest, 6);
});
