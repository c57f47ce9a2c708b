/** Who is tried again, and with what. */
import { expect, it } from 'vitest';
import { type EndedBadly, RetryPolicy } from './retry.ts';

const GiB = 1024 ** 3;

function ended(blame: EndedBadly['blame'], more: Partial<EndedBadly> = {}): EndedBadly {
  const failure = { code: 'X', message: 'x' };
  return { blame, failure, step: 3, progressed: false, peakMemory: GiB, ...more };
}

function policy(given: { retries?: number; memory?: number } = {}): RetryPolicy {
  return new RetryPolicy({ retries: 0, ...given }, 4 * GiB);
}

it('accidents are free, until three in a row came without progress', () => {
  const retry = policy();
  const progress = [false, false, true, false, false, false];
  expect(progress.map((progressed) => retry.again(ended('place', { progressed })))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});

it('want of memory asks for half as much more, up to all there is', () => {
  const retry = policy({ memory: 1.5 * GiB });
  const grown: unknown[] = [];
  for (let more = true; more; ) {
    more = retry.again(ended('memory', { progressed: true }));
    grown.push([more, (retry.memory ?? 0) / GiB]);
  }
  expect(grown).toEqual([
    [true, 2.25],
    [true, 3.375],
    [true, 4],
    [false, 4],
  ]);
});

it('without a stated memory what it took is where growing starts', () => {
  const retry = policy();
  expect([retry.again(ended('memory')), retry.memory]).toEqual([true, 1.5 * GiB]);
});

it('a stage is tried as often as its `retries` say', () => {
  expect(policy().again(ended('stage'))).toBe(false);
  const retry = policy({ retries: 2 });
  expect([1, 2, 3].map((step) => retry.again(ended('stage', { step })))).toEqual([true, true, false]);
});

it('but not when it fails in the same way twice at the same step', () => {
  const retry = policy({ retries: 9 });
  expect([retry.again(ended('stage')), retry.again(ended('stage'))]).toEqual([true, false]);
});

it('an attempt whose time is up goes on from its checkpoint while there are retries', () => {
  const retry = policy({ retries: 9 });
  const progress = [true, true, false];
  expect(progress.map((progressed) => retry.again(ended('time', { progressed })))).toEqual([true, true, false]);
});

it('a full disk is not tried again', () => {
  const failure = { code: 'STORE_FULL', message: '' };
  expect(policy({ retries: 9 }).again(ended('stage', { failure }))).toBe(false);
});
