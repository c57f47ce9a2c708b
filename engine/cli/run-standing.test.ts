/** What was kept of a run's events tells what the events tell, and is not believed once they are no longer those it was made from. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../events.ts';
import { exampleEvents, examplePlan } from '../report/recorded-run.ts';
import { type Standing, standingOf } from '../report/standing.ts';
import { openEventLog } from '../store/event-log.ts';
import { readKeptStanding } from '../store/kept-standing.ts';
import { readRunEvents } from '../store/run-events.ts';
import { createRun, type DrivenRun, finishRun, leaveRun, newestUnfinishedRun } from '../store/runs.ts';
import { openStore } from '../store/store.ts';
import { runJson } from './run-page.ts';
import { keepStandingOfRun, standingOfRun } from './run-standing.ts';
import { summaryOfRun } from './run-summaries.ts';

const MATCHED = 'distil[method=dm,set=0]';
const DONE = { outcome: 'failed', at: '2026-03-01T12:00:23.200Z', executed: 1, hits: 1, seconds: 23.2 } as const;

function begin(): DrivenRun {
  const folder = mkdtempSync(join(tmpdir(), 'retort-standing-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return createRun(unwrap(openStore(join(folder, 'store'), { create: true })), examplePlan(1, 1), {});
}

function tell(run: DrivenRun, events: readonly RunEvent[]): void {
  const log = openEventLog(run);
  for (const event of events) log.append(event);
  log.close();
}

/** Its last event is the run's end; the one before it, that a node is skipped. */
const EVENTS = exampleEvents();
/** With a node at work whose checkpoint was written. */
const UNDER_WAY = EVENTS.slice(0, 9);

/** Quickly and slowly: what a command is told, and what the events tell. */
function expectTold(run: DrivenRun, { kept }: { readonly kept: boolean }): Standing {
  const { store, id } = run;
  const driven = summaryOfRun(store, id)?.driver !== undefined;
  const told = standingOfRun(store, id, { driven });
  const slow = standingOf(readRunEvents(run.events, { brief: true }).events, driven);
  expect(readKeptStanding(store, id) !== undefined).toBe(kept);
  // As `--json` writes it, key by key.
  expect(JSON.stringify(told)).toBe(JSON.stringify(slow));
  expect(runJson(run)).toMatchObject({ ledger: slow.ledger });
  return told;
}

it('a run that has ended: counts, failures, warnings and ledger are kept', () => {
  const run = begin();
  tell(run, EVENTS);
  finishRun(run, DONE);
  const read = expectTold(run, { kept: false });
  keepStandingOfRun(run.store, run.id);
  expect(expectTold(run, { kept: true })).toEqual(read);
  expect(read.counts).toEqual({ hit: 1, done: 1, failed: 1, skipped: 1 });
  expect(read.failures).toMatchObject([{ node: MATCHED, failure: { code: 'STEP_NOT_FINITE' } }]);
  expect(read.warnings).toEqual([`${MATCHED}: two figures were not finite`]);
});

it('a run under way: its events tell, and what is at work is no lost attempt', () => {
  const run = begin();
  tell(run, UNDER_WAY);
  expect(expectTold(run, { kept: false })).toMatchObject({
    running: [{ id: MATCHED, step: 120 }, {}],
    ledger: { attempts: 0 },
  });
  // Of an earlier driver: it is not asked while somebody drives the run.
  keepStandingOfRun(run.store, run.id);
  expect(expectTold(run, { kept: true }).ledger.attempts).toBe(0);
  leaveRun(run);
  expect(expectTold(run, { kept: true }).ledger.ends).toEqual({ lost: 2 });
});

it('a run that was continued: what was kept before is not believed, and what is kept at its end is', () => {
  const run = begin();
  tell(run, UNDER_WAY);
  leaveRun(run);
  keepStandingOfRun(run.store, run.id);
  expectTold(run, { kept: true });
  const again = newestUnfinishedRun(run.store, [run.id]);
  if (!again) throw new Error('expected a run to go on with');
  tell(again, EVENTS);
  expectTold(again, { kept: false });
  finishRun(again, DONE);
  expectTold(again, { kept: false });
  keepStandingOfRun(run.store, run.id);
  // The attempts that the first driver left are lost, and one of them was done again.
  expect(expectTold(again, { kept: true }).ledger.attempts).toBeGreaterThan(2);
});

it('damaged events, or a damaged picture of them: the events that are left tell', () => {
  const run = begin();
  tell(run, EVENTS);
  finishRun(run, DONE);
  keepStandingOfRun(run.store, run.id);
  const whole = expectTold(run, { kept: true });

  const picture = join(run.folder, 'standing.json');
  const text = readFileSync(picture, 'utf8');
  for (const damaged of [text.slice(0, -20), text.replace('"done":1', '"done":7'), '', 'null']) {
    writeFileSync(picture, damaged);
    expect(expectTold(run, { kept: false })).toEqual(whole);
  }
  writeFileSync(picture, text);
  expectTold(run, { kept: true });

  // As long as before: a line in the middle is no longer one.
  const { size } = statSync(run.events);
  writeFileSync(
    run.events,
    readFileSync(run.events, 'utf8').replace('{"at":"2026-03-01T12:00:23.000Z"', '#"at":"2026-03-01T12:00:23.000Z"'),
  );
  expect(statSync(run.events).size).toBe(size);
  expect(expectTold(run, { kept: false }).failures).toEqual([]);
});
