/**
 * What was kept of a run's events, with those that came later, tells what all events tell, wherever the keeping cut them, and
 * is not believed once they are no longer those it was made from.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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
import { keepStandingOfRun, standingKeeper, standingOfRun } from './run-standing.ts';
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
  // As `--json` writes it.
  expect(JSON.parse(JSON.stringify(told))).toEqual(JSON.parse(JSON.stringify(slow)));
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

it('a run that was continued: what was kept before is gone on from, and what is kept at its end tells all', () => {
  const run = begin();
  tell(run, UNDER_WAY);
  leaveRun(run);
  keepStandingOfRun(run.store, run.id);
  expectTold(run, { kept: true });
  const again = newestUnfinishedRun(run.store, [run.id]);
  if (!again) throw new Error('expected a run to go on with');
  tell(again, EVENTS);
  expectTold(again, { kept: true });
  finishRun(again, DONE);
  keepStandingOfRun(run.store, run.id);
  // The attempts that the first driver left are lost, and one of them was done again.
  expect(expectTold(again, { kept: true }).ledger.attempts).toBeGreaterThan(2);
});

it('kept after any event, of a first or of a second driver: with the rest it tells what all events tell', () => {
  for (let cut = 1; cut < 2 * EVENTS.length; cut++) {
    const run = begin();
    const all = [...EVENTS, ...EVENTS];
    tell(run, all.slice(0, cut));
    keepStandingOfRun(run.store, run.id);
    expectTold(run, { kept: true });
    tell(run, all.slice(cut));
    expectTold(run, { kept: true });
    leaveRun(run);
    expectTold(run, { kept: true });
  }
});

it('a driver keeps how its run stands while it goes on; what follows is read from there', () => {
  const run = begin();
  const keeper = standingKeeper(run.store);
  const progress = EVENTS.filter(({ type }) => type === 'node-progress');
  const log = openEventLog(run);
  const append = (event: RunEvent) => {
    log.append(event);
    keeper.onEvent(event);
  };
  for (const event of UNDER_WAY) append(event.type === 'run-started' ? { ...event, run: run.id } : event);
  for (let told = 0; told < 5_000; told++) append(progress[told % progress.length] as RunEvent);
  log.close();
  const kept = readKeptStanding(run.store, run.id);
  const { size } = statSync(run.events);
  expect(kept?.next).toBeLessThan(size);
  // What is left to read is a part of it.
  expect(size - (kept?.next ?? 0)).toBeLessThan(size / 2);
  const { running, ...told } = standingOfRun(run.store, run.id, { driven: true });
  rmSync(join(run.folder, 'standing.json'));
  const { running: slowly, ...slow } = standingOfRun(run.store, run.id, { driven: true });
  expect(told).toEqual(slow);
  // The rate comes from all reports there, from the last few here.
  const withoutRate = (nodes: Standing['running']) => nodes.map(({ rate: _, ...node }) => node);
  expect(withoutRate(running)).toEqual(withoutRate(slowly));
});

it('a line cut by a kill: what was kept before it is believed, and the line is nothing', () => {
  const run = begin();
  tell(run, UNDER_WAY);
  appendFileSync(run.events, JSON.stringify(EVENTS.at(-1)).slice(0, 40));
  keepStandingOfRun(run.store, run.id);
  expectTold(run, { kept: true });
  // The next driver closes it.
  tell(run, EVENTS);
  expectTold(run, { kept: true });
});

it('damaged events, or a damaged picture of them: the events that are left tell', () => {
  const run = begin();
  tell(run, EVENTS);
  finishRun(run, DONE);
  keepStandingOfRun(run.store, run.id);
  const whole = expectTold(run, { kept: true });

  const picture = join(run.folder, 'standing.json');
  const text = readFileSync(picture, 'utf8');
  const [head = ''] = text.split('\n');
  const others = [text.replace('"done"', '"skipped"'), text.replace('standing/2', 'standing/1'), `${head}\n`];
  for (const damaged of [text.slice(0, -20), ...others, '', 'null']) {
    writeFileSync(picture, damaged);
    expect(expectTold(run, { kept: false })).toEqual(whole);
  }
  writeFileSync(picture, text);
  expectTold(run, { kept: true });

  // As long as before: a line in the middle is no longer one.
  const events = readFileSync(run.events, 'utf8');
  const { size } = statSync(run.events);
  const spoilt = events.replace('{"at":"2026-03-01T12:00:23.000Z"', '#"at":"2026-03-01T12:00:23.000Z"');
  writeFileSync(run.events, spoilt);
  expect(statSync(run.events).size).toBe(size);
  expect(expectTold(run, { kept: false }).failures).toEqual([]);
  // Longer than before, and others than those that were read.
  writeFileSync(run.events, `${spoilt}${events.slice(events.lastIndexOf('\n', size - 2) + 1)}`);
  expectTold(run, { kept: false });
  // Shorter.
  writeFileSync(run.events, events);
  truncateSync(run.events, size >> 1);
  expectTold(run, { kept: false });
});
