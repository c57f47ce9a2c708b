/**
 * Every commit protocol of the store that a plain run does not pass, each as three functions: a store made ready for it, the
 * protocol itself, which may be done again after a kill anywhere in it, and what of it is believed afterwards. As a
 * program: `protocols.js PROTOCOL STORE` does the protocol once; tests kill it at the protocol's fault points.
 *
 * Long because it is one list of protocols.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../base/digest.ts';
import type { Json } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../../engine/events.ts';
import { writeFiles } from '../../engine/export/write.ts';
import type { Plan, PlanNode } from '../../engine/plan/plan.ts';
import { checkedData } from '../../engine/run/checked-data.ts';
import { digestDataSet } from '../../engine/run/digest-data.ts';
import { askToCancel, takeCancelRequests, withdraw } from '../../engine/store/cancel-files.ts';
import { rememberContent, takeOver } from '../../engine/store/contents.ts';
import { openEventLog, readEvents } from '../../engine/store/event-log.ts';
import type { Protocol } from '../../engine/store/faults.ts';
import { collectGarbage } from '../../engine/store/gc.ts';
import { markGarbage } from '../../engine/store/gc-mark.ts';
import { dumpIndex, ingest, openIndex, reindex } from '../../engine/store/index.ts';
import { keepStanding, readKeptStanding } from '../../engine/store/kept-standing.ts';
import { furthestState, keepState, noteInChain } from '../../engine/store/kept-states.ts';
import { commitKey, readKey, resultDigest } from '../../engine/store/keys.ts';
import { type Owner, readOwner } from '../../engine/store/lease-owner.ts';
import { breakLease, leaseFolder, leaseHolder, takeLease } from '../../engine/store/leases.ts';
import { putObject } from '../../engine/store/objects.ts';
import { isPinned, pin, unpin } from '../../engine/store/pins.ts';
import { markPruned, prunedCells } from '../../engine/store/prune-marks.ts';
import { publishArtifacts } from '../../engine/store/publish.ts';
import { rehearsalPlan, rehearse } from '../../engine/store/rehearsal.ts';
import { allRuns, openRun, type RunFolder } from '../../engine/store/runs.ts';
import { openStore, type Store } from '../../engine/store/store.ts';
import { allBatches, isInTrash, restoreItem, tidyTrash } from '../../engine/store/trash.ts';
import { floats } from '../../tensor/tensor.ts';
import { trivialPlan } from './trivial-plan.ts';

interface Acted {
  prepare(folder: string): void;
  act(folder: string): void | Promise<void>;
  /** Equal whether or not the protocol was killed on its way. */
  seen(folder: string): Json | Promise<Json>;
}

const DAYS = 86_400;
const opened = (folder: string): Store => unwrap(openStore(folder));
const make = (folder: string): Store => unwrap(openStore(folder, { create: true }));
const firstRun = (folder: string): RunFolder => {
  const store = opened(folder);
  return unwrap(openRun(store, allRuns(store)[0] ?? ''));
};

const [short, long] = trivialPlan({
  cells: [{ a: { kind: 'grow', steps: 6 } }, { a: { kind: 'grow', steps: 9 } }],
}).plan.nodes as [PlanNode, PlanNode];

/** Two ways to the same bytes, and what is made of them. */
const ways = trivialPlan({
  cells: [
    { a: { steps: 3 }, b: { from: 'a', steps: 4 } },
    { a: { steps: 3, talkative: 1 }, b: { from: 'a', steps: 4 } },
  ],
}).plan.nodes;
const upstream = ways.filter(({ id }) => id.startsWith('a'));
const [first, second] = ways.filter(({ id }) => id.startsWith('b')) as [PlanNode, PlanNode];

function commit(store: Store, { key, manifest }: PlanNode, state?: ReturnType<typeof keepState>): void {
  const bytes = Buffer.from('{"value":1}\n');
  const file = { sha256: putObject(store, bytes), bytes: bytes.length };
  const artifacts = { count: { 'count.json': file } };
  const made = {
    schema: 'retort-key/1',
    key,
    manifest,
    artifacts,
    metrics: { value: 1 },
    seconds: 1,
    steps: 3,
  } as const;
  commitKey(store, { ...made, ...(state && { state }) });
}

const RULE = { rule: 'median', metric: 'value', eta: 3, minReplicates: 1, minCells: 2, within: [] } as const;
const pruning: Plan = { ...trivialPlan({ cells: [{ a: { kind: 'grow' } }], prune: RULE }).plan, nodes: [short] };
const MARK = {
  schema: 'retort-pruned/1',
  experiment: 'trivial',
  rule: RULE,
  run: 'r',
  step: 3,
  value: 1,
  threshold: 2,
} as const;

const NODE = 'toy[images=1,set=1]';
const EVENT = { at: '2026-01-01T00:00:00.000Z', type: 'warning', message: 'after the cut' } as RunEvent;
const SUMMARY = { trainImages: 1, testImages: 1, perClass: [1] } as never;
const [LEASED, FOREIGN, BETWEEN] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];

function pictureOfResults(store: Store): Json {
  return rehearsalPlan().nodes.map(({ key }) => {
    const record = readKey(store, key);
    return record ? resultDigest(record) : null;
  });
}

export const protocols: Readonly<Record<Protocol, Acted>> = {
  open: {
    prepare(folder) {
      const old = join(folder, 'tmp', 'old.tmp');
      mkdirSync(join(folder, 'tmp'), { recursive: true });
      writeFileSync(old, 'left by a kill');
      const then = Date.now() / 1000 - 2 * DAYS;
      utimesSync(old, then, then);
    },
    act: (folder) => void make(folder),
    seen: (folder) => [
      readFileSync(join(opened(folder).folder, 'VERSION'), 'utf8'),
      readdirSync(folder).sort(),
      existsSync(join(folder, 'tmp', 'old.tmp')),
    ],
  },
  pin: {
    prepare: (folder) => void rehearse(folder),
    act(folder) {
      const { store, id } = firstRun(folder);
      pin(store, id);
      unpin(store, id);
      pin(store, id);
    },
    seen: (folder) => isPinned(opened(folder), firstRun(folder).id),
  },
  cancel: {
    prepare: (folder) => void rehearse(folder),
    act(folder) {
      const run = firstRun(folder);
      askToCancel(run, { node: NODE });
      askToCancel(run, {});
      withdraw(run, {});
      const [taken, ...rest] = takeCancelRequests(run);
      if (taken?.node !== NODE || rest.length > 0) throw new Error('Expected to be asked for one node');
    },
    seen: (folder) => takeCancelRequests(firstRun(folder)) as unknown as Json,
  },
  prune: {
    prepare: (folder) => void make(folder),
    act: (folder) => markPruned(opened(folder), short.key, MARK),
    seen: (folder) => [...prunedCells(opened(folder), pruning)],
  },
  chain: {
    prepare: (folder) => void make(folder),
    act(folder) {
      const store = opened(folder);
      noteInChain(store, short);
      commit(store, short, keepState(store, 6, { tensors: { value: floats([1, 2]) }, values: { at: 6 } }));
    },
    seen(folder) {
      const { step, finished, state } = furthestState(opened(folder), long, 9) ?? {};
      return [step ?? 0, finished ?? false, [...(state?.tensors.value?.data ?? [])]];
    },
  },
  content: {
    prepare(folder) {
      const store = make(folder);
      for (const node of [...upstream, first]) commit(store, node);
    },
    act(folder) {
      rememberContent(opened(folder), first);
      takeOver(opened(folder), second);
    },
    seen(folder) {
      return readKey(opened(folder), second.key)?.takenFrom === first.key;
    },
  },
  lease: {
    prepare(folder) {
      const store = make(folder);
      const held = join(leaseFolder(store, FOREIGN), 'held');
      mkdirSync(held, { recursive: true });
      const owner = { host: 'elsewhere', machine: 'another', pid: 1, started: '1', run: 'r', since: '', token: 'beat' };
      writeFileSync(join(held, 'owner.json'), JSON.stringify(owner));
      writeFileSync(join(held, 'beat'), '.');
    },
    act(folder) {
      const store = opened(folder);
      for (const _ of [1, 2]) {
        const lease = takeLease(store, LEASED, { run: 'r' });
        if (!lease.held) throw new Error('Expected the lease to be free');
        lease.release();
      }
      if (!leaseHolder(store, FOREIGN)) throw new Error('Expected another host to hold the lease');
      const between = takeLease(store, BETWEEN, { run: 'r' });
      const owner = readOwner(leaseFolder(store, BETWEEN));
      if (!between.held || !owner) throw new Error('Expected to hold the lease');
      // Who looked before this lease began finds another one in its place.
      const earlier: Owner = { ...owner, token: `gone-${owner.token}` };
      if (breakLease(leaseFolder(store, BETWEEN), earlier) || !between.check()) throw new Error('Expected it to stay');
      between.release();
    },
    seen(folder) {
      const store = opened(folder);
      return [LEASED, BETWEEN].map((key) => {
        const last = Number.parseInt(readFileSync(join(leaseFolder(store, key), 'fence'), 'utf8'), 10) || 0;
        const lease = takeLease(store, key, { run: 'r' });
        if (lease.held) lease.release();
        return lease.held && lease.fence > last;
      });
    },
  },
  publish: {
    prepare(folder) {
      rehearse(folder);
      const path = join(firstRun(folder).nodeFolder(NODE), 'images', 'after.png');
      rmSync(path);
      writeFileSync(path, 'something else');
    },
    act(folder) {
      const record = readKey(opened(folder), rehearsalPlan().nodes[0]?.key ?? '');
      if (record) publishArtifacts(firstRun(folder), NODE, record);
    },
    seen(folder) {
      const images = join(firstRun(folder).nodeFolder(NODE), 'images');
      return readdirSync(images)
        .sort()
        .map((name) => [name, sha256(readFileSync(join(images, name)))]);
    },
  },
  log: {
    prepare(folder) {
      rehearse(folder);
      appendFileSync(firstRun(folder).events, '{"type":"warning","mess');
    },
    act(folder) {
      const log = openEventLog(firstRun(folder));
      log.append(EVENT);
      log.close();
    },
    seen: (folder) => readEvents(firstRun(folder)).events.map(({ type }) => type),
  },
  index: {
    prepare(folder) {
      rehearse(folder);
      writeFileSync(opened(folder).index, 'no database'.repeat(500));
    },
    async act(folder) {
      const index = unwrap(await openIndex(opened(folder)));
      unwrap(ingest(index));
      index.close();
      unwrap(await reindex(opened(folder))).close();
    },
    async seen(folder) {
      const index = unwrap(await openIndex(opened(folder)));
      const before = JSON.stringify(dumpIndex(index));
      index.close();
      const anew = unwrap(await reindex(opened(folder)));
      const after = JSON.stringify(dumpIndex(anew));
      anew.close();
      return [before === after, before.includes('toy')];
    },
  },
  standing: {
    prepare: (folder) => void rehearse(folder),
    act(folder) {
      const store = opened(folder);
      for (const run of allRuns(store))
        keepStanding(store, run, () => {
          const { events, next } = readEvents(unwrap(openRun(store, run)));
          return { standing: events.length, next };
        });
    },
    seen(folder) {
      const store = opened(folder);
      return allRuns(store).map((run) => (readKeptStanding(store, run)?.standing ?? null) as Json);
    },
  },
  data: {
    prepare(folder) {
      make(folder);
      const then = Date.now() / 1000 - DAYS;
      writeFileSync(join(folder, '..', 'images.bin'), 'images');
      utimesSync(join(folder, '..', 'images.bin'), then, then);
    },
    act(folder) {
      const files = [join(folder, '..', 'images.bin')];
      digestDataSet(files, folder);
      checkedData(folder).put('toy', files, SUMMARY);
    },
    seen(folder) {
      const files = [join(folder, '..', 'images.bin')];
      const known = JSON.parse(readFileSync(join(folder, 'data-digests.json'), 'utf8')) as Record<
        string,
        { sha256: string }
      >;
      const digests = Object.values(known).map(({ sha256 }) => sha256);
      return [
        digestDataSet(files, folder),
        digests,
        (checkedData(folder).get('toy', files) ?? null) as unknown as Json,
      ];
    },
  },
  gc: {
    prepare(folder) {
      rehearse(folder);
      // Where a part of a run has left before the run, folders meet on their way back.
      const store = opened(folder);
      collectGarbage(store, markGarbage(store, { planned: new Map(), graceMs: 0, now: Date.now() + 1000 }));
      mkdirSync(join(store.runs, trashedRun(store), 'stages'), { recursive: true });
    },
    act(folder) {
      const store = opened(folder);
      restoreAll(store);
      collectGarbage(store, markGarbage(store, { planned: new Map(), graceMs: 0, now: Date.now() + 1000 }));
      restoreAll(store);
    },
    seen: (folder) => [
      pictureOfResults(opened(folder)),
      allRuns(opened(folder)).length,
      allBatches(opened(folder)).length,
    ],
  },
  export: {
    prepare: (folder) => void make(folder),
    act: (folder) => void unwrap(writeFiles(join(folder, '..', 'exported'), new Map([['a.txt', Buffer.from('text')]]))),
    seen: (folder) => readFileSync(join(folder, '..', 'exported', 'a.txt'), 'utf8'),
  },
};

function trashedRun(store: Store): string {
  return (
    allBatches(store).flatMap(({ items }) =>
      items.flatMap(({ kind, run }) => (kind === 'run' && run ? [run] : [])),
    )[0] ?? ''
  );
}

function restoreAll(store: Store): void {
  for (const batch of allBatches(store))
    for (const item of batch.items) if (isInTrash(store, batch, item)) restoreItem(store, batch, item);
  tidyTrash(store);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [, , protocol = '', folder = ''] = argv;
  await protocols[protocol as Protocol].act(folder);
}
