/** Filling in defaults and taking them out again are inverse, so a key neither loses nor invents a difference. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import type { ParameterSchema } from '../../stages/stage.ts';
import { match, sampleKinds } from '../../test/rig/stage-kinds.ts';
import { defaultsDigest, defaultsOf, differing, withDefaults } from './defaults.ts';

const schema: ParameterSchema = {
  type: 'object',
  properties: {
    plain: { type: 'integer', default: 1 },
    free: { type: 'integer' },
    list: { type: 'array', default: [1, 2] },
    nested: {
      type: 'object',
      properties: { a: { default: 1 }, b: {}, deep: { type: 'object', properties: { c: { default: 3 } } } },
    },
    whole: { type: 'object', default: { a: 5 }, properties: { a: { default: 1 }, b: {} } },
    bare: { type: 'object', properties: { x: {} } },
  },
};

it('fills in every depth, in the order of the schema, and keeps what is written', () => {
  expect(withDefaults({}, schema)).toEqual({
    plain: 1,
    list: [1, 2],
    nested: { a: 1, deep: { c: 3 } },
    whole: { a: 5 },
  });
  expect(Object.keys(withDefaults({ free: 2, plain: 3 }, schema))).toEqual([
    'plain',
    'free',
    'list',
    'nested',
    'whole',
  ]);
  // What is written of a nested one replaces its default as a whole, not only the keys.
  expect(withDefaults({ whole: { b: 1 } }, schema).whole).toEqual({ a: 1, b: 1 });
});

it('leaves out what is the default, at every depth', () => {
  expect(differing(withDefaults({ nested: { a: 2 } }, schema), schema)).toEqual({ nested: { a: 2 } });
  expect(differing(defaultsOf(match.parameters), match.parameters)).toEqual({});
  expect(differing({ method: 'dm', iterations: 1000, network: { width: 128 } }, match.parameters)).toEqual({
    method: 'dm',
    network: {},
  });
});

const values = fc.constantFrom<unknown>(0, 1, 2, 3, 5, null, 'x', [1, 2], [2, 1], {});
const params = fc.record(
  {
    plain: values,
    free: values,
    list: values,
    nested: fc.record(
      { a: values, b: values, deep: fc.record({ c: values }, { requiredKeys: [] }) },
      { requiredKeys: [] },
    ),
    whole: fc.record({ a: values, b: values }, { requiredKeys: [] }),
    bare: fc.record({ x: values }, { requiredKeys: [] }),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

it('tells apart what differs, and only that', () => {
  fc.assert(
    fc.property(params, params, (a, b) => {
      const [fullA, fullB] = [withDefaults(a, schema), withDefaults(b, schema)];
      const same = (x: JsonObject, y: JsonObject): boolean => JSON.stringify(sorted(x)) === JSON.stringify(sorted(y));
      expect(same(differing(fullA, schema), differing(fullB, schema))).toBe(same(fullA, fullB));
    }),
    { numRuns: 500 },
  );
});

it('keeps the key when a parameter is added whose default changes nothing', () => {
  const more: ParameterSchema = { ...schema, properties: { ...schema.properties, fresh: { default: 7 } } };
  fc.assert(
    fc.property(params, (given) => {
      expect(differing(withDefaults(given, more), more)).toEqual(differing(withDefaults(given, schema), schema));
    }),
  );
});

it('has a digest of the defaults that changes with any of them', () => {
  const [select] = sampleKinds;
  const digest = defaultsDigest(select!);
  const { imagesPerClass } = select!.parameters.properties;
  const other = {
    ...select!,
    parameters: { type: 'object', properties: { imagesPerClass: { ...imagesPerClass, default: 11 } } },
  } as const;
  expect(defaultsDigest(select!)).toBe(digest);
  expect(defaultsDigest(other)).not.toBe(digest);
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
