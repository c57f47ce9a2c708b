/** Two drivers of one plan that begin at the same moment. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Hold } from '../../test/rig/hold.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { startDriver } from '../../test/rig/trivial-run.ts';

it('a run that another driver continues before its maker has its lease is left to it, and the maker begins one more', async () => {
  const store = temporaryFolder();
  const given = { cells: [{ a: { steps: 2 } }], store };
  const hold = new Hold('run-created');
  const maker = startDriver(given, { environment: hold.environment });
  await hold.reached();
  const other = await startDriver(given);
  hold.release();
  const made = await maker;
  expect([made.code, other.code]).toEqual([0, 0]);
  const [first, second] = [other, made].map(({ events }) => events.find((event) => event.type === 'run-started'));
  expect(first).toMatchObject({ continues: true });
  expect(second).toMatchObject({ continues: false });
  expect(readdirSync(join(store, 'runs'))).toHaveLength(2);
  expect(other.events.at(-1)).toMatchObject({ type: 'run-finished', executed: 1, hits: 0 });
  expect(made.events.at(-1)).toMatchObject({ type: 'run-finished', executed: 0, hits: 1 });
});
