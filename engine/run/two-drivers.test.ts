/** Two drivers of one plan that begin at the same moment: a run that another has found before its maker has its lease. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Hold } from '../../test/rig/hold.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { type EndedDriver, startDriver } from '../../test/rig/trivial-run.ts';

const begins = ({ events }: EndedDriver) => events.find((event) => event.type === 'run-started');

it('the other has brought it to its end: the maker begins one more, and finds everything there', async () => {
  const store = temporaryFolder();
  const given = { cells: [{ a: { steps: 2 } }], store };
  const hold = new Hold('run-created');
  const maker = startDriver(given, { environment: hold.environment });
  await hold.reached();
  const other = await startDriver(given);
  hold.release();
  const made = await maker;
  expect([made.code, other.code]).toEqual([0, 0]);
  expect([begins(other), begins(made)]).toMatchObject([{ continues: true }, { continues: false }]);
  expect(readdirSync(join(store, 'runs'))).toHaveLength(2);
  expect(other.events.at(-1)).toMatchObject({ type: 'run-finished', executed: 1, hits: 0 });
  expect(made.events.at(-1)).toMatchObject({ type: 'run-finished', executed: 0, hits: 1 });
});

it('the other is at work on it: the maker begins one more beside it, and nothing is computed twice', async () => {
  const store = temporaryFolder();
  const given = { cells: [{ a: { steps: 2 } }], store };
  const [hold, atWork] = [new Hold('run-created'), new Hold('attempt-made')];
  const maker = startDriver(given, { environment: hold.environment });
  await hold.reached();
  const working = startDriver(given, { environment: atWork.environment });
  await atWork.reached();
  hold.release();
  const made = await maker;
  atWork.release();
  const other = await working;
  expect([made.code, other.code]).toEqual([0, 0]);
  expect([begins(other), begins(made)]).toMatchObject([{ continues: true }, { continues: false }]);
  expect(readdirSync(join(store, 'runs'))).toHaveLength(2);
  expect(made.events.at(-1)).toMatchObject({ executed: 1, hits: 0 });
  expect(other.events.at(-1)).toMatchObject({ executed: 0, hits: 1 });
});
