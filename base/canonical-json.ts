/**
 * Canonical JSON (RFC 8785): one text for one value, whatever the order in which its keys were written. Cache keys are
 * digests of this text, so it must never change: a change of one byte forgets every store in the world.
 *
 * Keys are sorted by UTF-16 code units, numbers are written as ECMAScript writes them (shortest text that reads back as
 * the same double; -0 is 0), strings with the fewest escapes. What JSON cannot say (NaN, infinities, undefined, lone
 * surrogates, class instances) is a bug of the caller and throws.
 */
import type { Json } from './json.ts';

export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`Internal error: expected a finite number, got ${value}`);
      return JSON.stringify(value);
    case 'string':
      return canonicalString(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value as object);
    default:
      throw new Error(`Internal error: expected a JSON value, got ${typeof value}`);
  }
}

function canonicalArray(values: readonly Json[]): string {
  let text = '';
  // By index, so that a hole is the undefined that it reads as.
  for (let at = 0; at < values.length; at++) text += (at === 0 ? '' : ',') + canonicalJson(values[at] as Json);
  return `[${text}]`;
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new Error(`Internal error: expected a plain object, got ${value.constructor.name}`);
  let text = '';
  // The default order of sort() is by UTF-16 code units, which is what RFC 8785 asks for.
  for (const key of Object.keys(value).sort())
    text += `${text === '' ? '' : ','}${canonicalString(key)}:${canonicalJson((value as Record<string, Json>)[key] as Json)}`;
  return `{${text}}`;
}

/** Printable ASCII without quote and backslash is its own form; it is nearly all there is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function canonicalString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  // A lone surrogate has no UTF-8 form: two different texts would get one digest.
  if (/\p{Surrogate}/u.test(text))
    throw new Error(`Internal error: expected well-formed text, got ${JSON.stringify(text)}`);
  return JSON.stringify(text);
}
