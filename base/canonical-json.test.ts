import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './json.ts';

const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }) as fc.Arbitrary<Json>;

/** The same value with the keys of every object inserted in another order. */
function reordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

it('reads back as the same value', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('does not depend on the order of keys', () => {
  fc.assert(fc.property(json, (value) => canonicalJson(reordered(value)) === canonicalJson(value)));
});

it('is a fixed point: the text of what was read is the text', () => {
  fc.assert(
    fc.property(json, (value) => canonicalJson(JSON.parse(canonicalJson(value)) as Json) === canonicalJson(value)),
  );
});

it('tells different values apart', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const equal = JSON.stringify(reordered(reordered(a))) === JSON.stringify(reordered(reordered(b)));
      if (canonicalJson(a) === canonicalJson(b))
        expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(canonicalJson(b)));
      else expect(equal).toBe(false);
    }),
  );
});

it('reads every double back exactly, and writes -0 as 0', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(Number(canonicalJson(number)) + 0).toBe(number + 0);
    }),
  );
  expect(canonicalJson(-0)).toBe('0');
});

it('writes the example of RFC 8785, section 3.2.2', () => {
  const value = {
    // biome-ignore lint/correctness/noPrecisionLoss: the standard's own example.
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\u002f',
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`,
  );
});

it('sorts by UTF-16 code units as RFC 8785, section 3.2.3 does', () => {
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  expect([...canonicalJson(value).matchAll(/:(\d)/g)].map((match) => match[1])).toEqual([
    '2',
    '4',
    '6',
    '7',
    '1',
    '5',
    '3',
  ]);
});

it('refuses what JSON cannot say', () => {
  for (const value of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    new Date(0),
    new Map(),
    '\ud800',
    { a: undefined },
    1n,
  ])
    expect(() => canonicalJson(value as Json)).toThrow('Internal error: expected');
});
