import { expect, it } from 'vitest';
import { formatSize, parseDuration, parseSize } from './units.ts';

it.each([
  ['0B', 0],
  ['512MiB', 512 * 1024 ** 2],
  ['4 GiB', 4 * 1024 ** 3],
  ['1.5GB', 1.5e9],
  ['2kB', 2000],
  ['2KiB', 2048],
  ['1TiB', 1024 ** 4],
])('%s is a size', (text, bytes) => expect(parseSize(text)).toBe(bytes));

it.each(['4', '4G', '-1GiB', 'GiB', '1e3MiB', '4GiB ', ''])('%j is no size', (text) =>
  expect(parseSize(text)).toBeUndefined(),
);

it.each([
  ['90s', 90],
  ['90m', 5400],
  ['5min', 300],
  ['2h', 7200],
  ['1.5h', 5400],
  ['1h30m', 5400],
  ['2d 4h', 187_200],
])('%s is a duration', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

it.each(['2', '2 hours', 'h', '-1h', ''])('%j is no duration', (text) => expect(parseDuration(text)).toBeUndefined());

it('writes sizes with three digits', () => {
  expect([900, 2048, 1536 * 1024, 1000 * 1024, 3 * 1024 ** 4].map(formatSize)).toEqual([
    '900 B',
    '2 KiB',
    '1.5 MiB',
    '1000 KiB',
    '3 TiB',
  ]);
});
