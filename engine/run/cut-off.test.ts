/** Early cut-off: equal bytes upstream, made in another way, leave nothing to compute below. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keyFiles, results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { nodesOf, runTrivial, startDriver } from '../../test/rig/trivial-run.ts';

/** Printing changes the key of `a` and none of its bytes. */
const QUIET = { cells: [{ a: { steps: 3 }, b: { from: 'a', steps: 4 }, c: { from: 'b', steps: 5 } }] };
const LOUD = { cells: [{ a: { steps: 3, talkative: 1 }, b: { from: 'a', steps: 4 }, c: { from: 'b', steps: 5 } }] };
const OTHER = { cells: [{ a: { steps: 2 }, b: { from: 'a', steps: 4 }, c: { from: 'b', steps: 5 } }] };

it('takes over what follows from the same bytes, under keys of its own', async () => {
  const store = temporaryFolder();
  const first = await runTrivial(store, QUIET);
  const { outcome, events } = await runTrivial(store, LOUD);
  expect(outcome).toMatchObject({ outcome: 'done', executed: 1, hits: 2 });
  const cut = events.filter((event) => event.type === 'node-cut-off');
  expect(cut.map(({ node }) => node)).toEqual(['b[cell=0,set=1]', 'c[cell=0,set=1]']);
  expect(nodesOf(events, 'node-started')).toEqual(['a[cell=0,set=1]']);

  // As if it had been computed, but for where it comes from.
  const alone = temporaryFolder();
  await runTrivial(alone, LOUD);
  expect(results(store)).toMatchObject(results(alone));
  const records = [...keyFiles(store).values()] as { key?: string; takenFrom?: string }[];
  const origins = records.flatMap(({ takenFrom }) => takenFrom ?? []);
  expect(origins.sort()).toEqual(cut.map(({ from }) => from).sort());
  expect(readdirSync(join(first.outcome.folder, 'stages')).sort()).toEqual(
    readdirSync(join(outcome.folder, 'stages')).sort(),
  );

  const again = await runTrivial(store, LOUD);
  expect(again.outcome).toMatchObject({ executed: 0, hits: 3 });
});

it('points at a later node once the result of the first was removed', async () => {
  const store = temporaryFolder();
  await runTrivial(store, QUIET);
  rmSync(join(store, 'keys'), { recursive: true });
  await runTrivial(store, LOUD);
  const { events } = await runTrivial(store, QUIET);
  expect(nodesOf(events, 'node-cut-off')).toHaveLength(2);
});

it('computes where the bytes differ', async () => {
  const store = temporaryFolder();
  await runTrivial(store, QUIET);
  expect((await runTrivial(store, OTHER)).outcome).toMatchObject({ executed: 3, hits: 0 });
});

it('believes no pointer that is torn, leads nowhere, or leads to another computation', async () => {
  const store = temporaryFolder();
  await runTrivial(store, QUIET);
  const contents = join(store, 'contents');
  const pointers = readdirSync(contents, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  );
  expect(pointers).toHaveLength(2);
  const [first, second] = pointers.map((name) => ({
    name,
    value: JSON.parse(readFileSync(join(contents, name), 'utf8')),
  }));
  const write = (name: string, text: string) => writeFileSync(join(contents, name), text);
  // Each points at the other's node.
  write(first!.name, JSON.stringify({ ...first!.value, key: second!.value.key }));
  write(second!.name, JSON.stringify({ ...second!.value, key: first!.value.key }));
  const swapped = await runTrivial(store, LOUD);
  expect(nodesOf(swapped.events, 'node-cut-off')).toEqual([]);
  expect(swapped.outcome.executed).toBe(3);

  for (const damaged of [
    '',
    '{"schema":"retort-con',
    'null',
    JSON.stringify({ ...first!.value, key: '0'.repeat(64) }),
  ]) {
    for (const { name } of [first!, second!]) write(name, damaged);
    rmSync(join(store, 'keys'), { recursive: true });
    await runTrivial(store, QUIET);
    expect((await runTrivial(store, OTHER)).outcome.executed).toBe(3);
  }
});

it.each(['content-found', 'key-half-written:2', 'key-renamed:2', 'artifact-linked:2'])(
  'driver killed at %s while taking over: the same command continues',
  async (fault) => {
    const store = temporaryFolder();
    await startDriver({ ...QUIET, store });
    const killed = await startDriver({ ...LOUD, store }, { environment: { RETORT_FAULT: fault } });
    const again = await startDriver({ ...LOUD, store });
    expect(again.code).toBe(0);
    const computed = [...nodesOf(killed.events, 'node-done'), ...nodesOf(again.events, 'node-done')];
    expect(computed.filter((node) => !node.startsWith('a'))).toEqual([]);
    const alone = temporaryFolder();
    await runTrivial(alone, LOUD);
    expect(results(store)).toMatchObject(results(alone));
  },
);
