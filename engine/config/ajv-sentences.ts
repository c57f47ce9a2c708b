/** One error of ajv → a sentence that names the thing, states the rule and shows what came. */
import type { AnySchemaObject, ErrorObject } from 'ajv';
import { counted } from './diagnostics.ts';
import { nearest, suggestion } from './nearest.ts';
import { lookalike } from './numbers.ts';
import { described, type Tree } from './tree.ts';
import type { Subject } from './validate.ts';

export interface Sentence {
  readonly code: string;
  readonly message: string;
  readonly help?: string | undefined;
  /** Whether the key or the value is the culprit. */
  readonly point: 'key' | 'value';
}

export function toSentence(error: ErrorObject, tree: Tree, path: readonly string[], subject: Subject): Sentence {
  const name = nameOf(path, subject);
  const got = described(tree);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'propertyNames':
      return unknownKey(error, path, subject);
    case 'required': {
      const key = String(params.missingProperty);
      const schema = (error.parentSchema?.properties as Record<string, AnySchemaObject>)?.[key];
      return {
        code: 'MISSING_KEY',
        message: `${path.length === 0 ? capital(subject.what) : name} needs the key \`${key}\`.`,
        help: schema?.const === undefined ? descriptionOf(schema) : `Write \`${key}: ${schema.const}\`.`,
        point: 'key',
      };
    }
    case 'type':
      return wrongType(name, tree, [params.type].flat() as string[], error.parentSchema);
    case 'enum':
    case 'const': {
      const allowed = (error.keyword === 'enum' ? params.allowedValues : [params.allowedValue]) as unknown[];
      const near = tree.type === 'scalar' ? nearest(String(tree.value), allowed.map(String)) : undefined;
      return {
        code: 'UNKNOWN_VALUE',
        message: `Expected ${name} to be ${oneOf(allowed.map((value) => `\`${value}\``))}, but found ${got}.`,
        help: near === undefined ? undefined : `Did you mean \`${near}\`?`,
        point: 'value',
      };
    }
    case 'anyOf':
    case 'oneOf':
      return wrongAlternative(name, tree, error.schema as AnySchemaObject[]);
    default:
      return {
        code: 'OUT_OF_RANGE',
        message: `Expected ${name} ${rule(error)}, but found ${sizeOf(error, tree) ?? got}.`,
        point: 'value',
      };
  }
}

function unknownKey(error: ErrorObject, path: readonly string[], subject: Subject): Sentence {
  const params = error.params as { additionalProperty?: string; propertyName?: string };
  const key = params.additionalProperty ?? params.propertyName ?? '';
  const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
  const where = path.length === 0 ? subject.what : nameOf(path, subject);
  return {
    code: 'UNKNOWN_KEY',
    message: `Unknown key \`${key}\` in ${where}.`,
    help: suggestion(key, path.length === 0 ? [...known, ...(subject.otherNames ?? [])] : known, 'Keys'),
    point: 'key',
  };
}

function wrongType(name: string, tree: Tree, wanted: readonly string[], schema: AnySchemaObject | undefined): Sentence {
  const hint =
    tree.type === 'scalar' ? lookalike(tree.quoted ? String(tree.value) : tree.text, wanted, tree.quoted) : undefined;
  const empty = tree.type === 'scalar' && tree.value === null;
  const types = oneOf(wanted.map((type) => TYPES[type] ?? type));
  return {
    code: 'WRONG_TYPE',
    message: empty
      ? `${capital(name)} has no value; expected ${types}.`
      : `Expected ${name} to be ${types}, but found ${described(tree)}.`,
    help:
      hint ??
      (empty && schema?.default !== undefined ? `The default is ${JSON.stringify(schema.default)}.` : undefined) ??
      (wanted.includes('object') && !empty ? asMap(tree, schema) : undefined) ??
      (schema?.pattern !== undefined && schema.examples ? `Write it like \`${schema.examples[0]}\`.` : undefined),
    point: 'value',
  };
}

/** `network: resnet18` means `network: { kind: resnet18 }`: where one key names the thing, text alone is that key. */
function asMap(tree: Tree, schema: AnySchemaObject | undefined): string | undefined {
  const properties = (schema?.properties ?? {}) as Record<string, AnySchemaObject>;
  const [only, ...others] = (schema?.required ?? []) as string[];
  const key = Object.hasOwn(properties, 'kind') ? 'kind' : others.length === 0 ? only : undefined;
  if (key === undefined || tree.type !== 'scalar' || typeof tree.value !== 'string') return undefined;
  return `Write { ${key}: ${tree.text} }.`;
}

function wrongAlternative(name: string, tree: Tree, branches: readonly AnySchemaObject[]): Sentence {
  const types = branches.flatMap((branch) => [branch.type ?? []].flat() as string[]);
  const constants = branches.flatMap(
    (branch) =>
      branch.enum ??
      Object.values((branch.properties ?? {}) as Record<string, AnySchemaObject>).flatMap(
        (schema) => schema.const ?? [],
      ),
  ) as unknown[];
  const hint = tree.type === 'scalar' ? lookalike(tree.text, types, tree.quoted) : undefined;
  const alternatives =
    constants.length > 0 ? constants.map((value) => `\`${value}\``) : branches.map((branch) => alternative(branch));
  return {
    code: 'WRONG_TYPE',
    message: `Expected ${name} to be ${oneOf(alternatives)}, but found ${described(tree)}.`,
    help: hint,
    point: 'value',
  };
}

function alternative(schema: AnySchemaObject): string {
  const type = [schema.type ?? []].flat().map((name: string) => TYPES[name] ?? name);
  return schema.title ?? (type.length > 0 ? oneOf(type) : 'something else');
}

function rule(error: ErrorObject): string {
  const limit = (error.params as { limit?: number }).limit;
  switch (error.keyword) {
    case 'minimum':
      return `to be at least ${limit}`;
    case 'maximum':
      return `to be at most ${limit}`;
    case 'exclusiveMinimum':
      return `to be over ${limit}`;
    case 'exclusiveMaximum':
      return `to be under ${limit}`;
    case 'multipleOf':
      return `to be a multiple of ${(error.params as { multipleOf: number }).multipleOf}`;
    case 'minItems':
      return `to have at least ${counted(limit ?? 0, 'item')}`;
    case 'maxItems':
      return `to have at most ${counted(limit ?? 0, 'item')}`;
    case 'minProperties':
      return `to have at least ${limit === 1 ? '1 entry' : `${limit} entries`}`;
    case 'maxProperties':
      return `to have ${limit === 1 ? 'one key' : `at most ${limit} keys`}`;
    case 'uniqueItems':
      return 'to have no item twice';
    case 'minLength':
      return limit === 1 ? 'not to be empty' : `to have at least ${limit} characters`;
    case 'maxLength':
      return `to have at most ${limit} characters`;
    case 'pattern': {
      const examples = error.parentSchema?.examples as readonly string[] | undefined;
      if (examples) return `to be written like ${oneOf(examples.map((example) => `\`${example}\``))}`;
      return `to match ${(error.params as { pattern: string }).pattern}`;
    }
    default:
      return `to be right (${error.message ?? error.keyword})`;
  }
}

function sizeOf(error: ErrorObject, tree: Tree): string | undefined {
  if (!/(Items|Properties)$/.test(error.keyword) || error.keyword === 'uniqueItems') return undefined;
  const size = tree.type === 'list' ? tree.items.length : tree.type === 'map' ? tree.entries.size : undefined;
  return size === 0 ? 'none' : size?.toString();
}

/** Types of JSON Schema in plain words. */
export const TYPES: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
};

function nameOf(path: readonly string[], subject: Subject): string {
  if (path.length === 0) return subject.what;
  return `\`${path.reduce((name, step) => (/^\d+$/.test(step) ? `${name}[${step}]` : `${name}.${step}`))}\``;
}

export function oneOf(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return unique.length < 2 ? (unique[0] ?? 'something') : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The first sentence of a description is enough beside an error. */
function descriptionOf(schema: AnySchemaObject | undefined): string | undefined {
  return typeof schema?.description === 'string' ? schema.description.split(/(?<=\.)\s/)[0] : undefined;
}
