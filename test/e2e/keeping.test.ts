/** Keeping a store: verified and mended, unlocked with evidence, its sets handed over, runs cancelled. */
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { leaseFolder, takeLease } from '../../engine/store/leases.ts';
import { allRuns, openRun } from '../../engine/store/runs.ts';
import { openStore } from '../../engine/store/store.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

const SET = 'distil[method=dm]';

const template = new Project(mkdtempSync(join(tmpdir(), 'retort-keeping-')));
afterAll(() => rmSync(template.folder, { recursive: true }));

beforeAll(async () => {
  template.write({ 'tiny.yaml': tinyExperiment({ sets: 1, iterations: 2 }) });
  expect((await template.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
});

/** A copy of a project that has run. */
function ran(): Project {
  const project = new Project();
  cpSync(template.folder, project.folder, { recursive: true, preserveTimestamps: true });
  return project;
}

/** Every id of the newest run's nodes, and the one of the distilled set. */
function nodes(project: Project): { readonly ids: string[]; readonly set: string; readonly key: string } {
  const store = unwrap(openStore(project.path('runs')));
  const { plan } = unwrap(openRun(store, allRuns(store).at(-1) ?? ''));
  const set = plan.nodes.find(({ id }) => id.startsWith(SET.slice(0, -1)));
  return { ids: plan.nodes.map(({ id }) => id), set: set?.id ?? '', key: set?.key ?? '' };
}

it('verify names what is damaged and by whom it is needed; a repair and a run make it anew', async () => {
  const project = ran();
  const { set } = nodes(project);
  expect(await project.retort(['verify'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Sound: /) });
  const record = [...keyRecords(project)].find(({ manifest }) => manifest.stage === 'match');
  const digest = record?.artifacts.images?.['synthetic.safetensors']?.sha256 ?? '';
  const object = project.path(join('runs/objects', digest.slice(0, 2), digest));
  const bytes = readFileSync(object);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  chmodSync(object, 0o644);
  writeFileSync(object, bytes);

  const damaged = await project.retort(['verify', '--json']);
  expect(damaged.code).toBe(3);
  const { sound, damage } = JSON.parse(damaged.stdout);
  expect([sound, damage[0]]).toMatchObject([false, { part: 'objects', nodes: [expect.stringContaining(set)] }]);
  expect((await project.retort(['verify', '--repair'])).code).toBe(3);
  expect((await project.retort(['verify'])).code).toBe(0);
  // All that reads it is there, so that only who asks for it gets it.
  const again = await project.retort(['run', 'tiny.yaml', '--only', set]);
  expect(again.stderr).toMatch(/distil\[method=dm\S*: done/);
  expect((await project.retort(['verify'])).code).toBe(0);
});

interface Record_ {
  readonly manifest: { readonly stage: string };
  readonly artifacts: Record<string, Record<string, { sha256: string }>>;
}

function* keyRecords(project: Project): Generator<Record_> {
  const folder = project.path('runs/keys');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.json')) yield JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

it('unlock says who holds a node, leaves the living alone, and frees what the dead held', async () => {
  const project = ran();
  const { set, key } = nodes(project);
  const store = unwrap(openStore(project.path('runs')));
  expect((await project.retort(['unlock', set])).stdout).toContain('nobody holds it');

  const lease = takeLease(store, key, { run: 'a-test' });
  const living = await project.retort(['unlock', set]);
  expect([living.code, living.stdout]).toEqual([4, expect.stringContaining(`held by process ${process.pid} on`)]);
  expect(living.stdout).toContain('that process lives');
  expect(lease.held && lease.check()).toBe(true);
  expect((await project.retort(['unlock', key.slice(0, 12), '--force'])).code).toBe(0);
  expect(lease.held && lease.check()).toBe(false);

  // As a process that was killed leaves it: nobody has this start time.
  takeLease(store, key, { run: 'a-test' });
  const owner = join(leaseFolder(store, key), 'held/owner.json');
  writeFileSync(owner, JSON.stringify({ ...JSON.parse(readFileSync(owner, 'utf8')), started: 'never' }));
  const dead = await project.retort(['unlock', set]);
  expect([dead.code, dead.stdout]).toEqual([0, expect.stringContaining('that process is dead')]);
  expect((await project.retort(['unlock', set])).stdout).toContain('nobody holds it');
});

it('exports what others read: exact values, pictures by class, a table; and refuses with a reason', async () => {
  const project = ran();
  const { set, ids } = nodes(project);
  const [record] = [...keyRecords(project)].filter(({ manifest }) => manifest.stage === 'match');
  const digest = record?.artifacts.images?.['synthetic.safetensors']?.sha256 ?? '';
  const original = readFileSync(project.path(join('runs/objects', digest.slice(0, 2), digest)));

  expect((await project.retort(['export', set, '--to', 'exact'])).code).toBe(0);
  expect(readFileSync(project.path('exact/data.safetensors')).equals(original)).toBe(true);
  const facts = JSON.parse(readFileSync(project.path('exact/dataset.json'), 'utf8'));
  expect(facts).toMatchObject({ schema: 'retort-export/1', imagesPerClass: 2, shape: [20, 1, 28, 28] });
  expect(facts.files['data.safetensors']).toBe(digest);
  expect(readFileSync(project.path('exact/README.md'), 'utf8')).toMatch(/^---\npretty_name: /);

  for (const format of ['imagefolder', 'parquet', 'png'])
    expect((await project.retort(['export', set, '--to', format, '--format', format])).code).toBe(0);
  expect(readdirSync(project.path('imagefolder/train')).sort().slice(0, 2)).toEqual(['0_T-shirt-top', '1_Trouser']);
  expect(readFileSync(project.path('parquet/data/train-00000-of-00001.parquet')).subarray(0, 4).toString()).toBe(
    'PAR1',
  );

  const onnx = await project.retort(['export', set, '--to', 'onnx', '--format', 'onnx']);
  expect([onnx.code, onnx.stderr]).toEqual([2, expect.stringContaining('has made no network as ONNX')]);
  const score = ids.find((id) => id.startsWith('score')) ?? '';
  expect((await project.retort(['export', score, '--to', 'x', '--format', 'imagefolder'])).stderr).toContain(
    'no synthetic set',
  );
  expect((await project.retort(['export', score, '--to', 'exact'])).code).toBe(2);
  expect((await project.retort(['export', set, '--to', 'exact'])).code).toBe(0);
  expect(
    unwrap(decodeSafetensors(readFileSync(project.path('exact/data.safetensors')))).tensors.labels?.data,
  ).toHaveLength(20);
});

it('whitened sets and sets with learned steps go with what they cannot be used without; pictures are unwhitened', async () => {
  const project = new Project().write({
    'own.yaml': `version: 1
name: whitened
data: { set: fashion-mnist }
network: { kind: lenet }
resources: { threads: 1 }
stages:
  white: { stage: zca, images: 300 }
  seen: { stage: select, imagesPerClass: 1, whitening: white }
  noise: { stage: select, method: noise, imagesPerClass: 1 }
  steps: { stage: match, method: dd, start: noise, iterations: 1, distillSteps: 1, distillEpochs: 2, batchReal: 8 }
`,
  });
  expect((await project.retort(['run', 'own.yaml', '--reporter', 'silent'])).code).toBe(0);
  const exported = async (node: string, to: string, format: string) =>
    expect((await project.retort(['export', node, '--to', to, '--format', format])).code).toBe(0);
  await exported('seen[set=1]', 'exact', 'safetensors');
  await exported('seen[set=1]', 'png', 'png');
  await exported('steps[set=1]', 'dd', 'safetensors');

  const tensors = (path: string) => unwrap(decodeSafetensors(readFileSync(project.path(path)))).tensors;
  const { mean, inverse } = tensors('exact/zca.safetensors');
  const whitened = Array.from(tensors('exact/data.safetensors').images!.data.subarray(0, 784));
  const card = (folder: string) => readFileSync(project.path(`${folder}/README.md`), 'utf8');
  expect(card('exact')).toContain('whitened = (pixel / 255 - mean) @ matrix');
  expect(card('png')).toContain('taken out of that space');
  const { data } = PNG.sync.read(readFileSync(project.path('png/images/00000.png')));
  for (const pixel of [0, 391, 403, 783]) {
    const value = whitened.reduce((sum, one, row) => sum + one * inverse!.data[row * 784 + pixel]!, mean!.data[pixel]!);
    expect(data[4 * pixel]! / 255).toBeCloseTo(Math.min(1, Math.max(0, value)), 2);
  }
  expect(data.filter((_, at) => at % 4 === 0).some((value) => value > 100)).toBe(true);
  expect(tensors('dd/steps.safetensors').rates!.shape).toEqual([2]);
  expect(card('dd')).toContain('`steps.safetensors`');
});

it('cancel asks a run of another process to stop with checkpoints, and ends one that nobody will continue', async () => {
  const project = ran();
  project.write({ 'long.yaml': tinyExperiment({ sets: 1, iterations: 100_000 }) });
  const running = project.start(['run', 'long.yaml', '--reporter', 'ndjson']);
  await running.event(({ type, node }) => type === 'node-progress' && node?.startsWith('distil') === true);
  const cancelled = await project.retort(['cancel', 'last']);
  expect([cancelled.code, cancelled.stderr]).toEqual([0, expect.stringContaining('exits with 75')]);
  expect((await running.finished).code).toBe(75);

  // It would be kept for ever.
  expect((await project.retort(['gc', '--grace', '0'])).stderr).toContain('is unfinished');
  expect((await project.retort(['cancel', 'last'])).code).toBe(2);
  expect((await project.retort(['cancel', 'last', '--end'])).code).toBe(0);
  rmSync(project.path('long.yaml'));
  const freed = await project.retort(['gc', '--grace', '0']);
  expect(freed.stdout).toMatch(/checkpoints of distil\[method=dm/);
  expect((await project.retort(['verify'])).code).toBe(0);
});
