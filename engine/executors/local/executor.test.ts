/** Attempts in real child processes, one at a time: how each can end, and what its log holds. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../../base/result.ts';
import { temporaryFolder } from '../../../test/rig/retort.ts';
import { type TrivialStage, trivialPlan } from '../../../test/rig/trivial-plan.ts';
import { TRIVIAL_STAGES } from '../../../test/rig/trivial-run.ts';
import { readKey } from '../../store/keys.ts';
import { leaseFolder, leaseHolder, takeLease } from '../../store/leases.ts';
import { openStore } from '../../store/store.ts';
import type { AttemptMessage, AttemptRequest } from '../executor.ts';
import { openLocalExecutor } from './executor.ts';

/** More work than any test waits for. */
const LONG = { steps: 1_000_000, work: 100 };

function setting(stage: TrivialStage) {
  const store = unwrap(openStore(temporaryFolder(), { create: true }));
  const executor = openLocalExecutor();
  onTestFinished(() => executor.close());
  const [node] = trivialPlan({ cells: [{ a: stage }] }).plan.nodes;
  const request: AttemptRequest = {
    run: 'a run',
    store: store.folder,
    node: node!,
    attempt: 1,
    data: { set: 'none', folder: '' },
    backend: 'reference',
    log: join(store.folder, 'log.txt'),
    checkpoints: { everySeconds: 60 },
    stageModules: [TRIVIAL_STAGES],
  };
  return { store, executor, request, log: () => readFileSync(request.log, 'utf8') };
}

it('tells how it gets on, and leaves the key, no lease and a log with whatever was printed', async () => {
  const { store, executor, request, log } = setting({ steps: 3, talkative: 1 });
  const heard: AttemptMessage[] = [];
  const { end } = executor.start(request, (message) => heard.push(message));
  expect(await end).toEqual({ type: 'done', computed: true });
  expect(heard[0]).toEqual({ type: 'started', fromStep: 0, steps: 3 });
  const [last] = heard.filter(({ type }) => type === 'progress').slice(-1);
  expect(last).toMatchObject({ type: 'progress', step: 3, steps: 3 });
  const usage = heard.at(-1);
  expect(usage).toMatchObject({ type: 'usage', step: 3, wallSeconds: expect.any(Number) });
  if (usage?.type === 'usage') expect(usage.peakMemory).toBeGreaterThan(10 * 1024 ** 2);
  const record = readKey(store, request.node.key);
  expect(record).toMatchObject({ steps: 3, metrics: { value: expect.any(Number) } });
  expect(leaseHolder(store, request.node.key)).toBeUndefined();

  expect(await executor.start(request, () => {}).end).toEqual({ type: 'done', computed: false });
  await executor.close();
  expect(log()).toContain('a library says hello\n');
});

it('stops when asked, after a step and with a checkpoint', async () => {
  const { executor, request } = setting(LONG);
  const heard: AttemptMessage[] = [];
  const attempt = executor.start(request, (message) => {
    heard.push(message);
    if (message.type === 'progress') attempt.stop();
  });
  expect(await attempt.end).toEqual({ type: 'stopped' });
  expect(
    heard
      .map(({ type }) => type)
      .filter((type) => type !== 'usage')
      .at(-1),
  ).toBe('checkpoint');
});

it('is lost when its process is killed', async () => {
  const { executor, request } = setting(LONG);
  const attempt = executor.start(request, (message) => message.type === 'progress' && attempt.kill());
  expect(await attempt.end).toMatchObject({
    type: 'lost',
    failure: { code: 'CHILD_LOST', message: `The process of ${request.node.id} was ended by SIGKILL.` },
  });
});

it('leaves a node alone that somebody else works on', async () => {
  const { store, executor, request } = setting({ steps: 1 });
  const lease = takeLease(store, request.node.key, { run: 'another run' });
  const end = await executor.start(request, () => {}).end;
  expect(end).toEqual({
    type: 'held',
    owner: expect.stringMatching(`process ${process.pid} on .* \\(run another run\\)`),
  });
  if (lease.held) lease.release();
  expect(await executor.start(request, () => {}).end).toEqual({ type: 'done', computed: true });
});

it('writes nothing more once its lease is lost', async () => {
  const { store, executor, request } = setting(LONG);
  const { key } = request.node;
  const end = await executor.start({ ...request, checkpoints: { everySeconds: 0 } }, (message) => {
    if (message.type !== 'progress') return;
    rmSync(join(leaseFolder(store, key), 'held'), { recursive: true, force: true });
  }).end;
  expect(end).toMatchObject({ type: 'lost', failure: { code: 'LEASE_LOST' } });
});

it('computes nothing under a key that promises other numerics', async () => {
  const { executor, request } = setting({ steps: 1 });
  const manifest = { ...request.node.manifest, numerics: { backend: 'reference', threads: 7 } };
  const end = await executor.start({ ...request, node: { ...request.node, manifest } }, () => {}).end;
  expect(end).toMatchObject({ type: 'failed', failure: { code: 'NUMERICS_DIFFER' } });
});

it('says so when a stage kind is not known here', async () => {
  const { executor, request } = setting({ steps: 1 });
  const manifest = { ...request.node.manifest, stage: 'tally' };
  const end = await executor.start({ ...request, node: { ...request.node, manifest } }, () => {}).end;
  expect(end).toMatchObject({ type: 'failed', failure: { code: 'STAGE_UNKNOWN' } });
});

it('says what is wrong with a store that is gone', async () => {
  const { executor, request } = setting({ steps: 1 });
  const nowhere = temporaryFolder();
  mkdirSync(nowhere, { recursive: true });
  const end = await executor.start({ ...request, store: nowhere }, () => {}).end;
  expect(end).toMatchObject({ type: 'failed', failure: { code: 'STORE_GONE' } });
});

it('keeps its lease alive in the middle of a step that leaves its thread no time', async () => {
  const { store, executor, request } = setting({ steps: 1, work: 1_000_000_000 });
  const attempt = executor.start(request, () => {});
  await expect.poll(() => leaseHolder(store, request.node.key), { timeout: 500_000 }).toBeDefined();
  const held = join(leaseFolder(store, request.node.key), 'held');
  for await (const change of watch(held)) if (change.eventType === 'change') break;
  attempt.kill();
  expect((await attempt.end).type).toBe('lost');
});
