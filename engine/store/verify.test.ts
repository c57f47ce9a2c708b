/** A sound store is sound; one flipped bit anywhere is found, named, and told from what a kill leaves. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { floats } from '../../tensor/tensor.ts';
import { newestCheckpoint, tensorsFile, writeCheckpoint } from './checkpoints.ts';
import { rememberContent } from './contents.ts';
import type { Damage, Finding } from './findings.ts';
import { allHints } from './hints.ts';
import { openIndex, reindex } from './index.ts';
import { noteInChain } from './kept-states.ts';
import { commitKey, keyPath, readKey } from './keys.ts';
import { objectPath } from './objects.ts';
import { rehearsalPlan, rehearse } from './rehearsal.ts';
import { allRuns } from './runs.ts';
import { openStore, type Store } from './store.ts';
import { verifyStore } from './verify.ts';

const folders: string[] = [];
afterAll(() => folders.map((folder) => rmSync(folder, { recursive: true, force: true })));

async function soundStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'retort-verify-'));
  folders.push(folder);
  rehearse(folder);
  const store = unwrap(openStore(folder));
  unwrap(await reindex(store)).close();
  return store;
}

async function findings(store: Store): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of verifyStore(store)) if (finding.type !== 'checked') found.push(finding);
  return found;
}

const damages = async (store: Store) => (await findings(store)).filter((one): one is Damage => one.type === 'damage');

function flipLastBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

const [first] = rehearsalPlan().nodes;
if (!first) throw new Error('Expected a node');
const { key } = first;

it('finds nothing in a sound store, whatever its index has missed', async () => {
  const store = await soundStore();
  expect(await findings(store)).toEqual([]);
  rehearse(store.folder);
  expect(await findings(store)).toEqual([]);
});

it('names the nodes that need a damaged object', async () => {
  const store = await soundStore();
  const { sha256 } = readKey(store, key)?.artifacts.images?.['after.png'] ?? { sha256: '' };
  flipLastBit(objectPath(store, sha256));
  expect(await damages(store)).toMatchObject([
    { part: 'objects', nodes: [`toy[images=1,set=1] of run ${allRuns(store)[0]}`], place: objectPath(store, sha256) },
    // The same bytes under their readable name.
    { part: 'published', nodes: [`toy[images=1,set=1] of run ${allRuns(store)[0]}`] },
  ]);
});

it('names the node whose record has lost an object, or a bit', async () => {
  const store = await soundStore();
  const { sha256 } = readKey(store, key)?.artifacts.images?.['after.png'] ?? { sha256: '' };
  rmSync(objectPath(store, sha256));
  expect(await damages(store)).toMatchObject([{ part: 'keys', message: 'The file images/after.png is missing.' }]);

  const other = await soundStore();
  const path = keyPath(other, key);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"mean": 0\.\d/, '"mean": 0.9'));
  expect(await damages(other)).toMatchObject([{ part: 'keys', message: 'This key record is not what was written.' }]);
});

it('tells a damaged checkpoint from one that a kill has torn', async () => {
  const store = await soundStore();
  const state = { tensors: { x: floats([1, 2, 3]) }, values: {} };
  for (const step of [1, 2]) writeCheckpoint(store, 'f'.repeat(64), { step, state });
  const folder = join(store.checkpoints, 'f'.repeat(64));
  expect(await findings(store)).toEqual([]);

  // As after a kill between the third checkpoint's tensors and its record.
  const kept = readFileSync(join(folder, 'a.json'));
  writeCheckpoint(store, 'f'.repeat(64), { step: 3, state: { ...state, tensors: { x: floats([7, 8, 9]) } } });
  writeFileSync(join(folder, 'a.json'), kept);
  expect(await findings(store)).toMatchObject([{ type: 'note', part: 'checkpoints' }]);

  flipLastBit(tensorsFile(folder, 'b'));
  expect(await damages(store)).toMatchObject([{ part: 'checkpoints', place: tensorsFile(folder, 'b') }]);
  expect(newestCheckpoint(store, 'f'.repeat(64))).toBeUndefined();
});

it('finds a published file that was changed, and a plan', async () => {
  const store = await soundStore();
  const [run = ''] = allRuns(store);
  const published = join(store.runs, run, 'stages/toy-images-1-set-1/images/after.png');
  rmSync(published);
  writeFileSync(published, 'something else');
  const plan = join(store.runs, run, 'plan.json');
  writeFileSync(plan, readFileSync(plan, 'utf8').replace('a rehearsal', 'no rehearsal'));
  expect((await damages(store)).map(({ part, place }) => [part, place])).toEqual([
    ['runs', plan],
    ['published', published],
  ]);
});

it('finds an index that says something else, and one that is no database', async () => {
  const store = await soundStore();
  const index = unwrap(await openIndex(store));
  index.database.exec('UPDATE keys SET metrics = \'{"mean":1}\'');
  index.close();
  expect(await damages(store)).toMatchObject([{ part: 'index', help: expect.stringContaining('retort reindex') }]);
  unwrap(await reindex(store)).close();
  expect(await findings(store)).toEqual([]);
  for (const ending of ['-wal', '-shm']) rmSync(store.index + ending, { force: true });
  writeFileSync(store.index, 'no database'.repeat(500));
  expect(await damages(store)).toMatchObject([{ part: 'index' }]);
});

it('knows hints: a damaged one is named, and put aside by a repair; one that leads nowhere is mentioned', async () => {
  const store = await soundStore();
  noteInChain(store, { ...first, chain: { id: 'c'.repeat(64), at: 4 } });
  const [second] = rehearsalPlan().nodes.slice(1);
  if (!second) throw new Error('Expected two nodes');
  rememberContent(store, {
    ...first,
    inputs: { images: second.id },
    manifest: { ...first.manifest, inputs: { images: second.key } },
  });
  expect(await findings(store)).toEqual([]);

  const paths = [...allHints(store)].map(({ path }) => path);
  const [pointer = '', note = ''] = paths;
  const whole = readFileSync(pointer);
  writeFileSync(pointer, whole.subarray(0, 40));
  writeFileSync(note, 'something');
  expect(await damages(store)).toMatchObject(paths.map((path) => ({ part: 'hints', place: path, aside: [path] })));
  writeFileSync(pointer, whole);
  writeFileSync(note, '');
  expect(await findings(store)).toEqual([]);

  rmSync(keyPath(store, key));
  expect(await findings(store)).toMatchObject([
    { type: 'note', part: 'objects' },
    { type: 'note', part: 'hints', message: expect.stringMatching(/^Hints to results that are not there: 2,/) },
  ]);
});

it('mentions a result kept beside after a conflict, and objects that nobody needs', async () => {
  const store = await soundStore();
  const record = readKey(store, key);
  if (!record) throw new Error('Expected a record');
  commitKey(store, { ...record, metrics: { mean: 5 } });
  expect((await findings(store)).map(({ type, part }) => [type, part])).toEqual([['note', 'keys']]);
  for (const folder of readdirSync(store.keys)) rmSync(join(store.keys, folder), { recursive: true });
  const notes = await findings(store);
  expect(notes.map(({ type, part }) => [type, part])).toEqual([['note', 'objects']]);
});
