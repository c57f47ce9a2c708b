/**
 * JSON Schema of experiment files, for editors: every key with its description, default and examples, from the stage kinds'
 * own descriptions. Where `resolve` knows more than a schema can say (which variant a `use` means, what `extends` brings),
 * this one lets it pass: an editor must not flag what runs. Long because it is one document, from its top to its smallest part.
 */
import type { Json, JsonObject } from '../../base/json.ts';
import type { StageKind } from '../../stages/stage.ts';
import { isObject } from '../plan/defaults.ts';
import { TYPES } from './ajv-sentences.ts';
import { experimentProperties, FREE_KEYS, REQUIRED_KEYS, STAGE_KEYS, type Vocabulary } from './experiment-schema.ts';
import { AXIS_NAME, RESERVED_AXES } from './matrix.ts';
import { namesOf } from './named-values.ts';
import { NETWORKS, takesNetworks } from './network-axes.ts';
import { STEERING_KEYS } from './stage-tree.ts';

const REFERENCE = { type: 'string', pattern: '^\\$[A-Za-z_]', description: 'The value of an axis: `$axis`.' };
/** Read by yaml-language-server in place of the pattern, which says nothing to people; unknown to plain JSON Schema. */
export const EDITOR_KEYWORDS = ['patternErrorMessage'];
const NOTHING = { type: 'null', description: 'Back to the default.' };

export function editorSchema(vocabulary: Vocabulary, stageKinds: readonly StageKind[]): JsonObject {
  const properties = Object.fromEntries(
    Object.entries(experimentProperties(vocabulary)).map(([name, schema]) => [name, explained(schema)]),
  );
  const complete = has(REQUIRED_KEYS);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Experiment of retort',
    type: 'object',
    properties: {
      version: properties.version as Json,
      extends: {
        type: ['string', 'array'],
        items: { type: 'string' },
        description:
          'Files to build upon, relative to this one; later ones win, this one over all. Maps merge, lists replace, `null` deletes.',
      },
      ...Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'version')),
      network: sharedNetwork(properties.network as JsonObject, stageKinds),
      ...steeringKeys(),
      matrix: matrix(properties.matrix as JsonObject, stageKinds),
      stages: {
        ...(properties.stages as JsonObject),
        propertyNames: { pattern: AXIS_NAME.source },
        additionalProperties: { $ref: '#/definitions/stage' },
      },
    },
    patternProperties: { [FREE_KEYS]: { description: 'Anchors, or whatever a reader wants to write down.' } },
    additionalProperties: false,
    // A file that extends another may leave out what that one has.
    ...unless(has(['extends']), {
      ...complete,
      properties: {
        ...(complete.properties as JsonObject),
        stages: { type: 'object', additionalProperties: { $ref: '#/definitions/completeStage' } },
      },
    }),
    definitions: {
      stage: anyStage(stageKinds),
      completeStage: completeStage(stageKinds),
      ...Object.fromEntries(stageKinds.map((kind) => [definition(kind), ofKind(kind)])),
      ...namedDefinitions(stageKinds),
    },
  };
}

/** A stage or a variant of one: which keys it may have follows from its kind, where it says one. */
function anyStage(stageKinds: readonly StageKind[]): JsonObject {
  const union = Object.assign({}, ...stageKinds.map(keysOf)) as Record<string, JsonObject>;
  // Keys of several kinds that mean different things are checked only where the kind is known.
  for (const name of Object.keys(union))
    if (
      new Set(stageKinds.flatMap((kind) => (name in keysOf(kind) ? [JSON.stringify(keysOf(kind)[name])] : []))).size > 1
    )
      union[name] = { description: union[name]?.description ?? '' };
  return {
    type: 'object',
    properties: {
      stage: kindNames(stageKinds),
    },
    allOf: [
      ...stageKinds.map((kind) => when(isKind([kind]), { $ref: `#/definitions/${definition(kind)}` })),
      unless(isKind(stageKinds), {
        type: 'object',
        properties: { ...stageKeys(), ...union },
        additionalProperties: false,
      }),
    ],
  };
}

/** A stage that brings nothing in by `use` says its kind and what that needs. */
function completeStage(stageKinds: readonly StageKind[]): JsonObject {
  return {
    type: 'object',
    ...unless(has(['use']), {
      ...has(['stage']),
      allOf: stageKinds.map((kind) => {
        const inputs = Object.keys(kind.inputs).filter((role) => kind.inputs[role]?.required);
        return when(isKind([kind]), has([...inputs, ...(kind.parameters.required ?? [])]));
      }),
    }),
  };
}

function ofKind(kind: StageKind): JsonObject {
  return {
    type: 'object',
    description: kind.description,
    properties: { ...stageKeys(), stage: { const: kind.kind, description: kind.description }, ...keysOf(kind) },
    additionalProperties: false,
  };
}

const NAME: JsonObject = { type: 'string' };
const NAMES: JsonObject = { type: 'array', items: NAME, minItems: 1, uniqueItems: true };

function keysOf(kind: StageKind): Record<string, JsonObject> {
  const inputs = Object.entries(kind.inputs).map(([role, { type, description, many }]): [string, JsonObject] => [
    role,
    many
      ? {
          anyOf: [NAME, NAMES],
          description: `${description} The name of a stage that makes ${type}, or a list of them.`,
        }
      : { ...NAME, description: `${description} The name of a stage that makes ${type}.` },
  ]);
  const params = Object.entries(kind.parameters.properties).map(([name, schema]): [string, JsonObject] => [
    name,
    orReference(schema),
  ]);
  return Object.fromEntries([...inputs, ...params, ...networks(kind)]);
}

/** The axis of a stage that takes a network. */
function networks(kind: StageKind): [string, JsonObject][] {
  const network = kind.parameters.properties.network;
  const names = namesOf(network);
  if (!takesNetworks(kind) || !network) return [];
  return [
    [
      'networks',
      {
        description: NETWORKS,
        type: ['array', 'object', 'null'],
        minItems: 1,
        items: names ? { $ref: `#/definitions/${nameDefinition(names.what)}` } : { type: 'string' },
        minProperties: 1,
        additionalProperties: names ? { $ref: `#/definitions/${valueDefinition(names.what)}` } : orReference(network),
      },
    ],
  ];
}

/** The names that stand for whole values, each list once: completed as they are spelled, taken in lower case too. */
function namedDefinitions(stageKinds: readonly StageKind[]): Record<string, JsonObject> {
  const all = stageKinds.flatMap((kind) =>
    Object.values(kind.parameters.properties).flatMap((schema) => {
      const names = namesOf(schema);
      return names ? [{ ...names, schema }] : [];
    }),
  );
  return Object.fromEntries(
    all.flatMap(({ what, values, schema }) => {
      const names = Object.keys(values);
      const pattern = `^(\\$[A-Za-z_].*|${names.map((name) => name.toLowerCase()).join('|')})$`;
      const patternErrorMessage = `Expected the name of a ${what}, or \`$axis\` for the value of an axis.`;
      return [
        [nameDefinition(what), { type: 'string', anyOf: [{ enum: names }, { pattern, patternErrorMessage }] }],
        [valueDefinition(what), orReference(schema)],
      ];
    }),
  );
}

function valueDefinition(what: string): string {
  return `one-${what}`;
}

function nameDefinition(what: string): string {
  return `name-of-${what}`;
}

function stageKeys(): Record<string, JsonObject> {
  return {
    stage: STAGE_KEYS.stage as JsonObject,
    use: {
      description: STAGE_KEYS.use?.description ?? '',
      anyOf: [REFERENCE, { type: 'object' }, { type: 'array', items: { anyOf: [REFERENCE, { type: 'object' }] } }],
    },
    ...steeringKeys(),
    snapshots: orReference(STAGE_KEYS.snapshots as JsonObject),
    notes: STAGE_KEYS.notes as JsonObject,
  };
}

function steeringKeys(): Record<string, JsonObject> {
  return Object.fromEntries(STEERING_KEYS.map((name) => [name, orReference(STAGE_KEYS[name] as JsonObject)]));
}

function kindNames(stageKinds: readonly StageKind[]): JsonObject {
  return {
    description: STAGE_KEYS.stage?.description ?? '',
    anyOf: [...stageKinds.map(({ kind, description }) => ({ const: kind, description })), REFERENCE],
  };
}

function matrix(schema: JsonObject, stageKinds: readonly StageKind[]): JsonObject {
  const entries: JsonObject = { type: 'array', items: { type: 'object', minProperties: 1 } };
  const described: Readonly<Record<string, JsonObject>> = {
    exclude: {
      ...entries,
      description: 'Cells to leave out, by some of their axes: `- { method: dm, imagesPerClass: 50 }`.',
    },
    include: {
      ...entries,
      description:
        'Values to add to the cells that they fit, or, where they fit none, a cell to add: `- { method: dm, imagesPerClass: 50 }`.',
    },
    zip: {
      description:
        'Axes whose lists run in parallel, as one factor of the grid: `{ imagesPerClass: [1, 10], learningRate: [1, 0.1] }` are two cells.',
      anyOf: [{ type: 'object' }, { type: 'array', items: { type: 'object' } }],
    },
  };
  const variant = {
    description: 'A named variant: what `use: $axis` or `$axis` stands for.',
    type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
    // Offered before the kind is known; what stands beside it is known by then.
    properties: { stage: kindNames(stageKinds) },
    ...when(has(['stage']), { $ref: '#/definitions/stage' }),
  };
  return {
    ...schema,
    properties: Object.fromEntries(RESERVED_AXES.map((name) => [name, described[name] as JsonObject])),
    propertyNames: { pattern: AXIS_NAME.source },
    // A list of values, or a map of variants; one schema, so that an error is told at the variant and not at the axis.
    additionalProperties: {
      description:
        "An axis, by any name: a list of values, `[1, 10]`, or a map of named variants, `{ random: { stage: select, … }, dm: { stage: match, … } }`. A stage takes the cell's value by `$` and this name.",
      type: ['array', 'object', 'null'],
      minItems: 1,
      items: { type: ['string', 'number', 'boolean', 'null', 'array'] },
      minProperties: 1,
      additionalProperties: variant,
    },
  };
}

/** What the stages take as `network`; several kinds may take different ones. */
function sharedNetwork(schema: JsonObject, stageKinds: readonly StageKind[]): JsonObject {
  const taken = stageKinds.flatMap((kind) => {
    const network = kind.parameters.properties.network;
    return network ? [JSON.stringify(orReference(network))] : [];
  });
  const [only, ...others] = [...new Set(taken)].map((text) => JSON.parse(text) as JsonObject);
  if (!only) return schema;
  return others.length === 0
    ? { ...only, ...describedBy(schema) }
    : { anyOf: [only, ...others], ...describedBy(schema) };
}

function describedBy({ description }: JsonObject): JsonObject {
  return description === undefined ? {} : { description };
}

/** The schema of a value in whose place an axis may be named, or nothing for the default; the same for all inside it. */
function orReference(schema: JsonObject): JsonObject {
  const { description, default: usual, examples, named: _, ...rest } = withDefaultSaid(schema);
  const shown = {
    ...(description !== undefined && { description }),
    ...(usual !== undefined && { default: usual }),
    ...(examples !== undefined && { examples }),
  };
  const names = namesOf(schema);
  if (names)
    return {
      ...{ ...shown, ...rest, ...insideOf(rest), type: ['object', 'string', 'null'] },
      anyOf: [{ type: ['object', 'null'] }, { $ref: `#/definitions/${nameDefinition(names.what)}` }],
    };
  if (typeof rest.type !== 'string') return { ...shown, anyOf: [rest, REFERENCE, NOTHING] };
  const inner = { ...rest, ...insideOf(rest) };
  if (rest.type === 'string' && rest.enum === undefined && rest.pattern === undefined)
    return { ...shown, ...inner, type: ['string', 'null'] };
  if (rest.enum !== undefined || rest.const !== undefined || rest.pattern !== undefined)
    return { ...shown, anyOf: [inner, REFERENCE, NOTHING] };
  // One schema rather than alternatives, so that an editor shows one explanation and one error.
  const patternErrorMessage = `Expected ${TYPES[rest.type] ?? rest.type}, or \`$axis\` for the value of an axis.`;
  return {
    ...shown,
    ...inner,
    type: [rest.type, 'string', 'null'],
    pattern: REFERENCE.pattern,
    patternErrorMessage,
  };
}

/** Editors show a description, but not a default. */
function withDefaultSaid(schema: JsonObject): JsonObject {
  const { description, default: usual } = schema;
  if (typeof description !== 'string' || usual === undefined) return schema;
  return { ...schema, description: `${description} Default: ${JSON.stringify(usual)}.` };
}

function explained(schema: JsonObject): JsonObject {
  const { properties } = schema;
  if (!isObject(properties)) return withDefaultSaid(schema);
  const inner = Object.entries(properties).map(([name, value]) => [name, isObject(value) ? explained(value) : value]);
  return { ...withDefaultSaid(schema), properties: Object.fromEntries(inner) as JsonObject };
}

function insideOf(schema: JsonObject): JsonObject {
  return {
    ...(isObject(schema.items) && { items: orReference(schema.items) }),
    ...(isObject(schema.properties) && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, inner]) => [name, isObject(inner) ? orReference(inner) : inner]),
      ),
      additionalProperties: schema.additionalProperties ?? false,
    }),
  };
}

function isKind(kinds: readonly StageKind[]): JsonObject {
  return { type: 'object', properties: { stage: { enum: kinds.map(({ kind }) => kind) } }, required: ['stage'] };
}

/** A map that has all of these keys; strict readers of schemas want them among its properties too. */
function has(names: readonly string[]): JsonObject {
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, true])), required: names };
}

function when(condition: JsonObject, consequence: JsonObject): JsonObject {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  return { if: condition, then: consequence };
}

function unless(condition: JsonObject, consequence: JsonObject): JsonObject {
  return { if: condition, else: consequence };
}

function definition({ kind }: StageKind): string {
  return `kind-${kind}`;
}
