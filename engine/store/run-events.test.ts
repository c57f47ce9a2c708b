/** Reading a run's events in brief tells the same as reading all of them; a line that a kill has cut is skipped. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RunEvent } from '../events.ts';
import { ledgerOf } from '../report/ledger.ts';
import { nodeEnds } from '../report/node-ends.ts';
import { exampleEvents } from '../report/recorded-run.ts';
import { advance, EMPTY } from '../report/tui/view-model.ts';
import { readNodeEvents } from './brief-events.ts';
import { follow, readRunEvents } from './run-events.ts';

function fileOf(events: readonly RunEvent[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-events-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'events.ndjson');
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return path;
}

/** An hour of one node, then its end; another one goes on. */
function long(): RunEvent[] {
  const second = (at: number) => new Date(Date.UTC(2026, 0, 1) + 1000 * at).toISOString();
  const progress = (node: string, step: number): RunEvent => ({
    ...{ at: second(step), type: 'node-progress', node, step, steps: 4000, figures: { loss: 1 / step } },
  });
  const [started] = exampleEvents();
  if (!started) throw new Error('expected an event');
  const begin = (node: string): RunEvent => ({
    ...{ at: second(0), type: 'node-started', node, attempt: 1, fromStep: 0, steps: 4000, log: 'l' },
  });
  return [
    started,
    begin('a'),
    begin('b'),
    ...Array.from({ length: 3600 }, (_, step) => [progress('a', step + 1), progress('b', step + 1)]).flat(),
    { at: second(3601), type: 'node-done', node: 'a', metrics: { loss: 0 }, seconds: 3600, artifacts: {} },
  ];
}

it('in brief: states, steps, recent history and ledger are those of all events', () => {
  const path = fileOf(long());
  const [all, brief] = [readRunEvents(path).events, readRunEvents(path, { brief: true }).events];
  expect(all).toEqual(long());
  expect(brief.length).toBeLessThan(50);
  const node = (events: readonly RunEvent[], id: string) => advance(EMPTY, events).nodes.get(id);
  expect(node(brief, 'a')).toMatchObject({ state: 'done', figures: { loss: 0 } });
  expect(node(brief, 'b')).toMatchObject({ state: 'running', step: 3600, steps: 4000 });
  expect(node(brief, 'b')?.rate).toBeCloseTo(node(all, 'b')?.rate ?? 0, 1);
  expect(brief[0]).toMatchObject({ type: 'run-started', plan: { nodes: [] } });
});

/** Drivers come and go: attempts without an end, some done again, some not; and names that JSON writes otherwise. */
function eventful(): RunEvent[] {
  let second = 0;
  const stamped = (event: object) => ({ at: new Date(Date.UTC(2026, 0, 1) + 1000 * second++).toISOString(), ...event });
  const begin = (node: string, attempt: number, fromStep = 0) =>
    stamped({ type: 'node-started', node, attempt, fromStep, steps: 100, log: 'l' });
  const work = (node: string, from: number, to: number) => [
    ...Array.from({ length: to - from }, (_, index) =>
      stamped({ type: 'node-progress', node, step: from + index + 1, steps: 100, figures: { loss: 1 / (index + 1) } }),
    ),
    stamped({ type: 'node-checkpoint', node, step: to - 5 }),
  ];
  const end = (node: string, attempt: number, end: string, fromStep: number, toStep: number) =>
    stamped({
      ...{ type: 'attempt-ended', node, attempt, end, wallSeconds: toStep - fromStep, cpuSeconds: 1, peakMemory: 1 },
      ...{ fromStep, toStep, savedStep: toStep },
    });
  const done = (node: string) => stamped({ type: 'node-done', node, metrics: { loss: 0 }, seconds: 1, artifacts: {} });
  const failed = (node: string, willRetry: boolean) =>
    stamped({ type: 'node-failed', node, failure: { code: 'X', message: 'x' }, log: 'l', willRetry });
  const [killed, quoted, tried, left, stopped] = ['a[w=1]', 'Größe["x\\"]', 'c', 'd', 'e'] as const;
  return [
    ...[exampleEvents()[0], begin(killed, 1), begin(quoted, 1), ...work(killed, 0, 40), ...work(quoted, 0, 30)],
    // The next driver.
    ...[exampleEvents()[0], begin(killed, 2, 35), begin(tried, 1), ...work(killed, 35, 100), ...work(tried, 0, 20)],
    ...[end(killed, 2, 'done', 35, 100), done(killed), end(tried, 1, 'failed', 0, 20), failed(tried, true)],
    ...[
      begin(tried, 2),
      end(tried, 2, 'failed', 0, 3),
      failed(tried, false),
      begin(stopped, 1),
      ...work(stopped, 0, 50),
    ],
    ...[end(stopped, 1, 'stopped', 0, 50), end(quoted, 2, 'lost', 25, 25), begin(left, 1), ...work(left, 0, 60)],
  ] as RunEvent[];
}

it('in brief: the ledger and the ends of nodes are those of all events, whatever became of attempts and drivers', () => {
  for (const events of [eventful(), [...long(), ...eventful()]]) {
    const path = fileOf(events);
    const [all, brief] = [readRunEvents(path).events, readRunEvents(path, { brief: true }).events];
    expect(all).toEqual(events);
    const withoutPlans = all.map((event) => (event.type === 'run-started' ? brief[0] : event));
    expect(ledgerOf(brief)).toEqual(ledgerOf(withoutPlans as RunEvent[]));
    expect(nodeEnds(brief)).toEqual(nodeEnds(all));
    const view = (of: readonly RunEvent[]) =>
      new Map(
        [...advance(EMPTY, of).nodes.values()].map(({ id, state, attempt }) => [
          id,
          [state, state === 'done' || attempt],
        ]),
      );
    expect(view(brief)).toEqual(view(withoutPlans as RunEvent[]));
  }
});

it('of one node: all but its progress', () => {
  const events = eventful();
  for (const node of ['a[w=1]', 'Größe["x\\"]', 'c', 'none']) {
    const own = events.filter(
      (event) => 'node' in event && event.node === node && !/progress|checkpoint/.test(event.type),
    );
    expect(readNodeEvents(fileOf(events), node)).toEqual(own);
  }
});

it('reads lines that are longer than a piece of the file', () => {
  const message = 'ä'.repeat(1 << 20);
  const events: RunEvent[] = [1, 2, 3].map((n) => ({
    at: exampleEvents()[0]?.at ?? '',
    type: 'warning',
    message: message + n,
  }));
  const path = fileOf([...events, ...eventful()]);
  expect(readRunEvents(path).events.slice(0, 3)).toEqual(events);
  expect(readRunEvents(path, { brief: true }).events.slice(0, 3)).toEqual(events);
});

it('goes on behind the last whole line', () => {
  const [first, second] = exampleEvents();
  if (!first || !second) throw new Error('expected events');
  const path = fileOf([first]);
  const line = `${JSON.stringify(second)}\n`;
  appendFileSync(path, line.slice(0, 20));
  const { events, next } = readRunEvents(path);
  expect(events).toEqual([first]);
  appendFileSync(path, line.slice(20));
  expect(readRunEvents(path, { from: next }).events).toEqual([second]);
  // What a kill has cut is closed by the next writer.
  appendFileSync(path, `${line.slice(0, 20)}\n${line}`);
  expect(readRunEvents(path).events).toEqual([first, second, second]);
  expect(readRunEvents(`${path}.none`).events).toEqual([]);
});

it('follow looks when the file grows', async () => {
  const path = fileOf([]);
  const grown = new Promise<void>((seen) => {
    const following = follow(path, () => {
      if (readRunEvents(path).events.length === 0) return;
      following.close();
      seen();
    });
  });
  writeFileSync(path, `${JSON.stringify(exampleEvents()[1])}\n`);
  await grown;
});
