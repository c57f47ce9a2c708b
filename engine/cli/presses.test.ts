/** One key may be two signals, and two keys may come as quickly as two signals of one: how they are told apart. */
import { expect, it } from 'vitest';
import { countPresses, isPassedOn } from './presses.ts';

function pressesAt(times: readonly number[], passedOn: boolean): number[] {
  const presses = countPresses({ passedOn });
  return times.map((at) => presses.heard(at));
}

it('from a terminal every signal is a press, however quickly the second one follows', () => {
  expect(pressesAt([1000, 1080], false)).toEqual([1, 2]);
  expect(pressesAt([1000, 1399], false)).toEqual([1, 2]);
  expect(pressesAt([1000, 9000], false)).toEqual([1, 2]);
});

it('two signals at once are one press: the parent has sent its own to the whole group', () => {
  expect(pressesAt([1000, 1000, 1001], false)).toEqual([1, 1, 1]);
  expect(pressesAt([1000, 1003, 1100], false)).toEqual([1, 1, 2]);
});

it('under npm the signal that is passed on is the same press, and a quick third one is another', () => {
  expect(pressesAt([1000, 1060], true)).toEqual([1, 1]);
  // Two presses within the time in which npm may pass on the first, each with its copy.
  expect(pressesAt([1000, 1010, 1150, 1160], true)).toEqual([1, 1, 2, 2]);
  // npm that passes nothing on: the second counts when it comes too late to be the first.
  expect(pressesAt([1000, 1500], true)).toEqual([1, 2]);
});

it('keys of a terminal that hands them over count each, under npm too', () => {
  const presses = countPresses({ passedOn: true });
  expect([presses.pressed(), presses.pressed()]).toEqual([1, 2]);
});

it('npm, npx, pnpm and yarn are known by what they put into the environment', () => {
  expect(isPassedOn({ npm_execpath: '/usr/lib/npm-cli.js', npm_lifecycle_event: 'npx' })).toBe(true);
  expect(isPassedOn({ PATH: '/usr/bin', npm_config_cache: '/tmp' })).toBe(false);
});
