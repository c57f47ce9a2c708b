/** What `plan` says of files before anything runs, beside what lies in the store afterwards. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { keyFiles } from '../rig/artifacts.ts';
import { Project } from '../rig/retort.ts';

/** With one kind that cannot say. */
const YAML = `version: 1
name: decoupled
data: { set: fashion-mnist }
network: { kind: convnet, width: 16, depth: 3, norm: batch }
resources: { threads: 1 }
stages:
  teacher: { stage: squeeze, epochs: 1, images: 50, batchSize: 25 }
  images: { stage: recover, teacher: teacher, imagesPerClass: 3, iterations: 2, classesPerShard: 4 }
  labels: { stage: relabel, images: images, teacher: teacher, epochs: 4, batchSize: 30, epochsPerShard: 2 }
  score: { stage: evaluate, images: images, labels: labels, loss: kl, epochs: 1 }
  whitening: { stage: zca, images: 20 }
  whitened: { stage: select, imagesPerClass: 3, whitening: whitening }
`;

interface Planned {
  readonly id: string;
  readonly key: string;
  readonly knownBytes?: number;
  readonly manifest: { readonly stage: string; readonly merge?: unknown };
}

interface Price {
  readonly bytes: number;
  readonly withoutBytes: number;
}

type Files = Readonly<Record<string, Readonly<Record<string, { readonly bytes: number }>>>>;

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

async function planned(project: Project, ...more: string[]) {
  const { stdout } = await project.retort(['plan', 'own.yaml', '--json', ...more]);
  return JSON.parse(stdout).plans[0] as { readonly nodes: readonly Planned[]; readonly price: Price };
}

it('teacher, shards of recovered images, labels and scores: node by node, and as a sum', async () => {
  const project = new Project().write({ 'own.yaml': YAML });
  const { nodes, price } = await planned(project);
  const { stdout } = await project.retort(['plan', 'own.yaml']);
  expect(stdout).toMatch(
    /\nFiles of squeeze \([^)]+B\), recover \([^)]+B\), relabel \([^)]+B\), evaluate \([^)]+ B\), select \([^)]+B\): [\d.]+ KiB, known beforehand; those of zca are not\.\n$/,
  );
  expect(price.withoutBytes).toBe(1);

  expect((await project.retort(['run', 'own.yaml'])).code).toBe(0);
  const stored = new Map<string, number>();
  for (const [name, { artifacts }] of keyFiles(project.path('runs')))
    stored.set(
      name.replace(/^.*\/|\.json$/g, ''),
      sum(Object.values(artifacts as Files).flatMap((files) => Object.values(files).map(({ bytes }) => bytes))),
    );
  const known = nodes.filter(({ knownBytes }) => knownBytes !== undefined);
  expect(known.map(({ id }) => id)).toHaveLength(1 + 3 + 2 + 1 + 1);
  for (const { id, key, knownBytes = 0, manifest } of known) {
    const share = knownBytes / (stored.get(key) ?? 0);
    // Of two epochs of thirty views the files hold little but what they say of themselves.
    const low = manifest.stage === 'relabel' ? 0.4 : 0.93;
    expect([id, share > low && share < 1.17]).toEqual([id, true]);
  }
  const made = sum(known.map(({ key }) => stored.get(key) ?? 0));
  expect(price.bytes).toBe(sum(known.map(({ knownBytes = 0 }) => knownBytes)));
  expect(price.bytes / made).toBeGreaterThan(0.95);
  expect(price.bytes / made).toBeLessThan(1.05);
});

it('of the classes that the folder has, not of those that the set is known to have', async () => {
  const yaml = `version: 1
name: a part
data: { set: tiny-imagenet }
stages:
  images: { stage: select, imagesPerClass: 1 }
`;
  const project = new Project().write({ 'own.yaml': yaml, 'data/val/val_annotations.txt': 'val_0.JPEG\tn01\n' });
  for (const name of ['train/n01/images/n01_0.JPEG', 'train/n02/images/n02_0.JPEG', 'val/images/val_0.JPEG']) {
    mkdirSync(dirname(project.path(`data/${name}`)), { recursive: true });
    const picture = sharp({ create: { width: 64, height: 64, channels: 3, background: { r: 9, g: 99, b: 9 } } });
    await picture.jpeg().toFile(project.path(`data/${name}`));
  }
  const image = 3 * 64 * 64;
  const bytes = async (...more: string[]) => (await planned(project, ...more)).price.bytes / image;
  expect(await bytes('--data', 'data')).toBeGreaterThan(2 * 4);
  expect(await bytes('--data', 'data')).toBeLessThan(2 * 6);
  // Without the files: all of them.
  expect(await bytes()).toBeGreaterThan(200 * 4);
});
