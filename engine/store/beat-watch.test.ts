/** Clocks that jump: heartbeats in the past, and in a future that never comes. */
import { expect, it } from 'vitest';
import { BeatWatch } from './beat-watch.ts';
import { STALE_AFTER_MS } from './heartbeat.ts';

const DISK_NOW = 1e12;
const DAY = 86_400_000;

function watched() {
  let now = 0;
  const watch = new BeatWatch(() => now);
  return (beat: number, pass = 0) => {
    now += pass;
    return watch.isFresh('heartbeat', beat, DISK_NOW);
  };
}

it('goes by age where clocks agree', () => {
  const isFresh = watched();
  expect([isFresh(DISK_NOW), isFresh(DISK_NOW - STALE_AFTER_MS + 1), isFresh(DISK_NOW - STALE_AFTER_MS)]).toEqual([
    true,
    true,
    false,
  ]);
});

it('a little ahead is the skew of two clocks', () => expect(watched()(DISK_NOW + 5_000)).toBe(true));

it('far ahead, and it stands still: dead after a minute of ours, not after a day of its own', () => {
  const isFresh = watched();
  expect([isFresh(DISK_NOW + DAY), isFresh(DISK_NOW + DAY, STALE_AFTER_MS - 1), isFresh(DISK_NOW + DAY, 2)]).toEqual([
    true,
    true,
    false,
  ]);
});

it('far ahead, and it moves: alive', () => {
  const isFresh = watched();
  for (let beat = 0; beat < 10; beat++) expect(isFresh(DISK_NOW + DAY + beat, STALE_AFTER_MS - 1)).toBe(true);
});
