/** Keeping a store: verified, freed of what nobody needs, unlocked with evidence, handed over, and run again from one file. */
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { leaseFolder, takeLease } from '../../engine/store/leases.ts';
import { allRuns, openRun } from '../../engine/store/runs.ts';
import { openStore } from '../../engine/store/store.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { results } from '../rig/artifacts.ts';
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

it('GC a person can trust: names, sizes, reasons, a dry run, a grace time, a trash that gives back', async () => {
  const project = ran();
  const before = results(project.path('runs'));
  expect((await project.retort(['gc'])).stderr).toContain('Nothing to collect.');

  // The experiment changes: what only the old one planned is of no use any more, once it is old enough.
  project.write({ 'tiny.yaml': tinyExperiment({ sets: 1, iterations: 3 }) });
  expect((await project.retort(['gc'])).stderr).toMatch(/kept: 4 results, since younger than the grace time/);
  const dry = await project.retort(['gc', '--grace', '0']);
  expect(dry.stdout).toMatch(/distil\[method=dm\S* +match +\d\S* [KM]?i?B +20\d\d-.*tiny\.yaml no longer plans it/);
  expect(dry.stderr).toContain('Nothing was moved');
  expect(results(project.path('runs'))).toEqual(before);

  expect((await project.retort(['pin', 'last'])).code).toBe(0);
  expect((await project.retort(['gc', '--grace', '0'])).stderr).toMatch(/kept: 4 results, since run \S+ is pinned/);
  expect((await project.retort(['pin', 'last', '--remove'])).code).toBe(0);

  expect((await project.retort(['gc', '--grace', '0', '--yes'])).stderr).toMatch(/2 things, .*moved to the trash/);
  expect(Object.keys(results(project.path('runs')))).toHaveLength(2);
  expect((await project.retort(['verify'])).code).toBe(0);
  expect((await project.retort(['gc', '--restore'])).stdout).toContain('distil[method=dm');
  expect(results(project.path('runs'))).toEqual(before);

  expect((await project.retort(['gc', '--grace', '0', '--yes'])).code).toBe(0);
  expect((await project.retort(['gc', '--empty-trash'])).stderr).toContain('Nothing was deleted');
  expect((await project.retort(['gc', '--empty-trash', '--yes'])).stderr).toContain('deleted');
  expect(readdirSync(project.path('runs/trash'))).toEqual([]);

  // An experiment that cannot be planned gives nothing away.
  project.write({ 'tiny.yaml': 'version: 1\nname: tiny\nstages: {' });
  expect((await project.retort(['gc', '--grace', '0'])).stdout).toBe('');
  expect((await project.retort(['gc', 'tiny.yaml', '--grace', '0'])).code).toBe(2);
});

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

it('One-file provenance: a run is written into one file, run again from it alone, and compared digest by digest', async () => {
  const project = ran();
  expect((await project.retort(['export', 'last', '--format', 'prov', '--to', 'run.prov.json'])).code).toBe(0);
  const text = readFileSync(project.path('run.prov.json'), 'utf8');
  const document = JSON.parse(text);
  expect(Object.keys(document).sort()).toEqual(
    ['activity', 'agent', 'entity', 'prefix', 'used', 'wasAssociatedWith', 'wasGeneratedBy'].sort(),
  );
  expect(Object.keys(document.activity)).toHaveLength(4);
  // Nothing but the file is left.
  rmSync(project.path('runs'), { recursive: true });
  rmSync(project.path('tiny.yaml'));

  const same = await project.retort(['reproduce', 'run.prov.json', '--store', 'again', '--reporter', 'silent']);
  expect([same.code, same.stdout]).toEqual([0, '4 nodes of 4 the same, byte for byte.\n']);
  expect((await project.retort(['reproduce', 'run.prov.json', '--store', 'again'])).code).toBe(2);

  // Another digest in the file stands for another machine, or another version.
  const [artifact = ''] = /\\"synthetic\.safetensors\\":\\"[0-9a-f]{64}/.exec(text) ?? [];
  writeFileSync(project.path('other.prov.json'), text.replaceAll(artifact, artifact.replace(/.{4}$/, 'ffff')));
  const reproduced = [
    'reproduce',
    'other.prov.json',
    '--store',
    'again',
    '--continue',
    '--reporter',
    'silent',
    '--json',
  ];
  const other = await project.retort(reproduced);
  expect(other.code).toBe(6);
  const states = JSON.parse(other.stdout).nodes.map(({ state }: { state: string }) => state);
  expect(states.filter((state: string) => state === 'different').length).toBeGreaterThan(0);
  expect(existsSync(project.path('again/runs'))).toBe(true);
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
