/** What a collection takes and what it leaves; killed at any point, everything lies in the store or in the trash, whole. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../base/package-root.ts';
import { unwrap } from '../../base/result.ts';
import { floats } from '../../tensor/tensor.ts';
import { memoryFolder } from '../../test/rig/memory-folder.ts';
import type { PlanNode } from '../plan/plan.ts';
import { removeCheckpoints, writeCheckpoint } from './checkpoints.ts';
import { rememberContent } from './contents.ts';
import type { Finding } from './findings.ts';
import { collectGarbage } from './gc.ts';
import { type Marked, markGarbage } from './gc-mark.ts';
import type { GcRoots } from './gc-roots.ts';
import { allHints } from './hints.ts';
import { noteInChain } from './kept-states.ts';
import { keyPath, readKey, resultDigest } from './keys.ts';
import { takeLease } from './leases.ts';
import { putObject } from './objects.ts';
import { pin, unpin } from './pins.ts';
import { rehearsalPlan, rehearse } from './rehearsal.ts';
import { allRuns, createRun } from './runs.ts';
import { openStore, type Store } from './store.ts';
import { allBatches, emptyTrash, isInTrash, restoreItem, tidyTrash } from './trash.ts';
import { verifyStore } from './verify.ts';

const folders: string[] = [];
afterAll(() => folders.map((folder) => rmSync(folder, { recursive: true, force: true })));

function rehearsed(): Store {
  const folder = memoryFolder('gc');
  folders.push(folder);
  rehearse(folder);
  return unwrap(openStore(folder));
}

const [one, ten] = rehearsalPlan().nodes;
if (!one || !ten) throw new Error('Expected two nodes');

/** A second later, so that what was just made is older than no grace at all. */
const mark = (store: Store, roots: Partial<GcRoots> = {}): Marked =>
  markGarbage(store, { planned: new Map(), graceMs: 0, now: Date.now() + 1000, ...roots });
const names = ({ items }: Marked) => items.map(({ kind, name }) => `${kind} ${name}`);

async function damages(store: Store): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of verifyStore(store)) if (finding.type === 'damage') found.push(finding);
  return found;
}

function restoreAll(store: Store): void {
  for (const batch of allBatches(store))
    for (const item of batch.items) if (isInTrash(store, batch, item)) restoreItem(store, batch, item);
  tidyTrash(store);
}

it('names what nobody needs, with size, reason and last use, and moves nothing by marking', () => {
  const store = rehearsed();
  const marked = mark(store);
  const [run = ''] = allRuns(store);
  expect(names(marked)).toEqual(['result toy[images=1,set=1]', 'result toy[images=10,set=1]', `run run ${run}`]);
  expect(marked.items[0]).toMatchObject({
    stage: 'toy',
    run,
    reason: 'no current experiment file plans it (rehearsal.yaml is not among them)',
  });
  expect(marked.items[0]?.bytes).toBeGreaterThan(1000);
  expect(Date.parse(marked.items[0]?.lastUsed ?? '')).toBeGreaterThan(Date.now() - 60_000);
  expect(readKey(store, one.key)).toBeDefined();
});

it('keeps what is young, planned, pinned, unfinished or at work', () => {
  const store = rehearsed();
  const [run = ''] = allRuns(store);
  expect(names(mark(store, { graceMs: 24 * 3600_000 }))).toEqual([]);

  const planned = mark(store, { planned: new Map([[one.key, 'rehearsal.yaml']]) });
  expect(names(planned)).toEqual(['result toy[images=10,set=1]']);
  expect(planned.items[0]?.reason).toBe('rehearsal.yaml no longer plans it');
  expect([...planned.kept]).toEqual([['rehearsal.yaml plans it', 1]]);
  expect(names(mark(store, { unplanned: new Map([['rehearsal.yaml', 'it has errors']]) }))).toEqual([]);

  pin(store, run);
  expect(names(mark(store))).toEqual([]);
  unpin(store, run);
  expect(names(mark(store))).toHaveLength(3);

  const lease = takeLease(store, ten.key, { run });
  expect(names(mark(store))).toEqual(['result toy[images=1,set=1]']);
  if (lease.held) lease.release();

  createRun(store, rehearsalPlan(), {}).lease.release();
  expect(names(mark(store))).toEqual([]);
});

it('keeps runs whose experiment has tags, until somebody lets go of them', () => {
  const store = rehearsed();
  const [run = ''] = allRuns(store);
  writeFileSync(join(store.runs, run, 'config.resolved.json'), '{"tags":["paper","camera-ready"]}');
  const kept = mark(store);
  expect(names(kept)).toEqual([]);
  expect([...kept.kept]).toEqual([[`run ${run} is tagged paper, camera-ready`, 2]]);
  unpin(store, run);
  unpin(store, run);
  expect(names(mark(store))).toHaveLength(3);
  pin(store, run);
  expect(names(mark(store))).toEqual([]);
  unpin(store, run);
  expect(names(mark(store))).toHaveLength(3);
});

it('takes checkpoints of finished nodes first, and stored files without a result', () => {
  const store = rehearsed();
  writeCheckpoint(store, one.key, { step: 1, state: { tensors: { x: floats([1]) }, values: {} } });
  putObject(store, Buffer.from('left by a kill'));
  const marked = mark(store, { planned: new Map([one, ten].map(({ key }) => [key, 'rehearsal.yaml'])) });
  expect(names(marked)).toEqual([
    'checkpoint checkpoints of toy[images=1,set=1]',
    'left-over 1 stored file without a result',
  ]);
});

/** As they are made: where the first reads what the second has made, and in a chain. */
const hinted = (store: Store): string[] => {
  const reading: PlanNode = {
    ...one,
    inputs: { images: ten.id },
    manifest: { ...one.manifest, inputs: { images: ten.key } },
  };
  rememberContent(store, reading);
  noteInChain(store, { ...one, chain: { id: 'c'.repeat(64), at: 4 } });
  return [...allHints(store)].map(({ path }) => path);
};

it('takes the hints to a result along with it, and brings them back', () => {
  const store = rehearsed();
  const paths = hinted(store);
  expect(paths).toHaveLength(2);
  const bytes = paths.map((path) => readFileSync(path, 'utf8'));
  const marked = mark(store);
  expect(names(marked).filter((name) => name.startsWith('hint'))).toEqual([]);
  collectGarbage(store, marked);
  expect([...allHints(store)]).toEqual([]);
  restoreAll(store);
  expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(bytes);
});

it('sweeps hints whose results are gone, by name, after the grace time, unless they are planned or at work', () => {
  const store = rehearsed();
  const paths = hinted(store);
  const [run = ''] = allRuns(store);
  const hints = (roots: Partial<GcRoots> = {}) => mark(store, roots).items.filter(({ kind }) => kind === 'hint');
  expect(hints()).toEqual([]);
  rmSync(keyPath(store, one.key));
  expect(hints()).toMatchObject([
    {
      ...{ name: 'hints to toy[images=1,set=1]', run, stage: 'toy', bytes: statSync(paths[0] ?? '').size },
      reason: 'its result is gone; no current experiment file plans it (rehearsal.yaml is not among them)',
    },
  ]);
  expect(hints({ graceMs: 24 * 3600_000 })).toEqual([]);
  expect(hints({ planned: new Map([[one.key, 'rehearsal.yaml']]) })).toEqual([]);
  const lease = takeLease(store, one.key, { run });
  expect(hints()).toEqual([]);
  if (lease.held) lease.release();
  // Longer nodes of its chain may go on from it.
  writeCheckpoint(store, one.key, { step: 1, state: { tensors: { x: floats([1]) }, values: {} } });
  expect(hints()).toEqual([]);
  removeCheckpoints(store, one.key);

  collectGarbage(store, mark(store));
  expect([...allHints(store)]).toEqual([]);
  restoreAll(store);
  expect([...allHints(store)].map(({ path }) => path)).toEqual(paths);
});

it('leaves alone what is taken up between marking and moving', () => {
  const store = rehearsed();
  const marked = mark(store);
  const lease = takeLease(store, one.key, { run: 'another' });
  const { skipped } = collectGarbage(store, { ...marked, items: marked.items.slice(0, 2) });
  expect(skipped.map(({ item }) => item.node)).toEqual([one.id]);
  if (lease.held) lease.release();

  const again = mark(store);
  createRun(store, rehearsalPlan(), {}).lease.release();
  expect(collectGarbage(store, again).moved).toEqual([]);
});

it('brings back what it took, byte for byte', async () => {
  const store = rehearsed();
  const before = [one, ten].map(({ key }) => resultDigest(readKey(store, key) as never));
  collectGarbage(store, mark(store));
  expect([allRuns(store), readdirSync(store.objects).flatMap((at) => readdirSync(join(store.objects, at)))]).toEqual([
    [],
    [],
  ]);
  expect(await damages(store)).toEqual([]);
  restoreAll(store);
  expect([one, ten].map(({ key }) => resultDigest(readKey(store, key) as never))).toEqual(before);
  expect(await damages(store)).toEqual([]);
  expect(allBatches(store)).toEqual([]);
  collectGarbage(store, mark(store));
  emptyTrash(store);
  restoreAll(store);
  expect(readKey(store, one.key)).toBeUndefined();
});

async function killedAt(store: Store, fault: string, mode: string): Promise<void> {
  const program = join(packageRoot(), 'dist/engine/store/gc-rehearsal.js');
  const child = spawn(process.execPath, [program, store.folder, mode], {
    env: { ...process.env, RETORT_FAULT: fault },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
}

describe.concurrent('killed', () => {
  const moves = Array.from({ length: 6 }, (_, index) => `trash-moved:${index + 1}`);
  it.each(['trash-listed', ...moves])('at %s, nothing is lost or half there', async (fault) => {
    const store = rehearsed();
    const before = [one, ten].map(({ key }) => resultDigest(readKey(store, key) as never));
    await killedAt(store, fault, 'collect');
    expect(await damages(store)).toEqual([]);
    collectGarbage(store, mark(store));
    expect(readdirSync(store.keys).flatMap((at) => readdirSync(join(store.keys, at)))).toEqual([]);
    restoreAll(store);
    expect([one, ten].map(({ key }) => resultDigest(readKey(store, key) as never))).toEqual(before);
    expect(await damages(store)).toEqual([]);
  });

  it.each(['trash-restored:1', 'trash-restored:2', 'trash-restored:4'])('at %s, restoring goes on', async (fault) => {
    const store = rehearsed();
    const before = [one, ten].map(({ key }) => resultDigest(readKey(store, key) as never));
    collectGarbage(store, mark(store));
    await killedAt(store, fault, 'restore');
    expect(await damages(store)).toEqual([]);
    restoreAll(store);
    expect([one, ten].map(({ key }) => resultDigest(readKey(store, key) as never))).toEqual(before);
    expect(await damages(store)).toEqual([]);
  });

  it('while emptying, nothing comes back in half', async () => {
    const store = rehearsed();
    collectGarbage(store, mark(store));
    await killedAt(store, 'trash-discarding', 'empty');
    restoreAll(store);
    expect(await damages(store)).toEqual([]);
    expect(rehearse(store.folder)).toHaveLength(2);
  });
});
