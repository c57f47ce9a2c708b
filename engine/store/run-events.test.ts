/** Reading a run's events in brief tells the same as reading all of them; a line that a kill has cut is skipped. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RunEvent } from '../events.ts';
import { ledgerOf } from '../report/ledger.ts';
import { exampleEvents } from '../report/recorded-run.ts';
import { advance, EMPTY } from '../report/tui/view-model.ts';
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
  expect(ledgerOf(brief).usefulSeconds).toBe(ledgerOf(all).usefulSeconds);
  expect(brief[0]).toMatchObject({ type: 'run-started', plan: { nodes: [] } });
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
