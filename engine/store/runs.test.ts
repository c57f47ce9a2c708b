import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../events.ts';
import { openEventLog, readEvents } from './event-log.ts';
import type { KeyRecord } from './keys.ts';
import { objectPath, putObject } from './objects.ts';
import { newAttempt, publishArtifacts } from './publish.ts';
import { rehearsalPlan } from './rehearsal.ts';
import { nodeFolders, runId } from './run-folders.ts';
import {
  allRuns,
  createRun,
  finishRun,
  leaveRun,
  newestUnfinishedRun,
  openRun,
  planDigest,
  readRunEnd,
  runsOfPlan,
} from './runs.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-runs-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

const plan = rehearsalPlan();
const digest = planDigest(plan);
const ended = { at: '2026-03-01T12:00:00.000Z', executed: 1, hits: 0, seconds: 1.5 };

it('is frozen before anything starts', () => {
  const run = createRun(store, plan, { name: 'x' });
  expect(run.id).toMatch(/^\d{8}-\d{9}-a-rehearsal-[0-9a-f]{6}$/);
  expect(readdirSync(run.folder).sort()).toEqual(['config.resolved.json', 'lease', 'plan.json', 'run.json']);
  expect(JSON.parse(readFileSync(join(run.folder, 'config.resolved.json'), 'utf8'))).toEqual({ name: 'x' });
  expect(unwrap(openRun(store, run.id)).plan).toEqual(plan);
  expect(openRun(store, 'none')).toMatchObject({ error: { code: 'STORE_RUN_MISSING' } });
});

it('is continued when the plan is equal, it has not ended and nobody drives it', () => {
  const first = createRun(store, plan, {});
  expect(newestUnfinishedRun(store, runsOfPlan(store, digest))).toBeUndefined();
  leaveRun(first);
  expect(newestUnfinishedRun(store, runsOfPlan(store, planDigest(rehearsalPlan('another'))))).toBeUndefined();
  const again = newestUnfinishedRun(store, runsOfPlan(store, digest));
  expect(again?.id).toBe(first.id);
  if (!again) return;
  finishRun(again, { outcome: 'failed', ...ended });
  expect(readRunEnd(store, first.id)).toMatchObject({ outcome: 'failed', ...ended });
  expect(newestUnfinishedRun(store, runsOfPlan(store, digest))).toBeUndefined();
  expect(allRuns(store)).toEqual([first.id]);
});

it('keeps events that were written whole, and goes on behind one that was cut', () => {
  const run = createRun(store, plan, {});
  const event = (message: string): RunEvent => ({ at: ended.at, type: 'warning', message });
  const write = (...messages: string[]) => {
    const log = openEventLog(run);
    for (const message of messages) log.append(event(message));
    log.close();
  };
  expect(readEvents(run)).toEqual({ events: [], next: 0 });
  write('one', 'zwei – ä');
  const whole = readEvents(run);
  expect(whole.events).toEqual([event('one'), event('zwei – ä')]);
  appendFileSync(run.events, '{"at":"2026');
  expect(readEvents(run)).toEqual(whole);
  write('three');
  expect(readEvents(run).events).toEqual([event('one'), event('zwei – ä'), event('three')]);
  expect(readEvents(run, whole.next).events).toEqual([event('three')]);
});

it('shows artifacts by readable names without copying them, and mends what was changed', () => {
  const run = createRun(store, plan, {});
  const node = plan.nodes[0]?.id ?? '';
  const sha256 = putObject(store, Buffer.from('images'));
  const record = { artifacts: { images: { 'after.png': { sha256, bytes: 6 } } } } as unknown as KeyRecord;
  for (let times = 0; times < 2; times++) {
    const folders = publishArtifacts(run, node, record);
    const file = join(folders.images ?? '', 'after.png');
    expect(relative(run.folder, file)).toBe(join('stages', 'toy-images-1-set-1', 'images', 'after.png'));
    expect(statSync(file).ino).toBe(statSync(objectPath(store, sha256)).ino);
    rmSync(file);
    writeFileSync(file, 'changed');
  }
  const outside = { artifacts: { images: { '../x': { sha256, bytes: 6 } } } } as unknown as KeyRecord;
  expect(() => publishArtifacts(run, node, outside)).toThrow('expected a plain file name');
});

it('counts attempts over drivers', () => {
  const run = createRun(store, plan, {});
  const node = plan.nodes[0]?.id ?? '';
  expect(newAttempt(run, node)).toEqual({ attempt: 1, log: join(run.nodeFolder(node), 'attempt-1', 'log.txt') });
  expect(newAttempt(run, node).attempt).toBe(2);
  expect(() => run.nodeFolder('none')).toThrow('Internal error');
});

it('names folders so that every system takes them and no two share one', () => {
  const [node] = plan.nodes;
  if (!node) throw new Error('Expected a node');
  const folders = (...ids: string[]) => [
    ...nodeFolders({ ...plan, nodes: ids.map((id) => ({ ...node, id })) }).values(),
  ];
  expect(folders('distil[method=dm,set=2]', 'score', 'nul', 'Größe: 1/2')).toEqual([
    'distil-method-dm-set-2',
    'score',
    'nul-',
    'Gro-e-1-2',
  ]);
  const close = folders('a[b=c]', 'A[b=c]', 'a[b-c]', '…', '..', 'x'.repeat(300), `${'x'.repeat(300)}y`);
  expect(new Set(close.map((name) => name.toLowerCase())).size).toBe(close.length);
  for (const name of close) expect(name).toMatch(/^[\w-][\w.-]{0,110}[\w-]$/);
});

it('names runs by time, in an order that is theirs', () => {
  const at = (time: string) => runId(new Date(time), 'Gradient matching: with & without', '3fa9');
  expect(at('2026-11-24T13:15:00.123Z')).toBe('20261124-131500123-gradient-matching-with-without-3fa9');
  expect(at('2026-11-24T13:15:00Z') < at('2027-01-01T00:00:00Z')).toBe(true);
  // Within one second, and beside older versions' names, which end at the second.
  const began = [
    '20261124-131500-zeta-ffff',
    runId(new Date('2026-11-24T13:15:00.009Z'), 'zeta', 'ffff'),
    runId(new Date('2026-11-24T13:15:00.010Z'), 'alpha', '0000'),
    '20261124-131501-alpha-0000',
  ];
  expect([...began].sort()).toEqual(began);
});

it('lists runs begun in one second in the order in which they began', () => {
  const begun = Array.from({ length: 4 }, () => {
    const run = createRun(store, plan, {});
    leaveRun(run);
    // Names tell milliseconds apart, and a file system in memory may be faster.
    for (const now = Date.now(); Date.now() === now; );
    return run.id;
  });
  expect(allRuns(store)).toEqual(begun);
});
