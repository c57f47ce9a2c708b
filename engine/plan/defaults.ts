/**
 * Defaults of a stage's parameters, filled in and taken out again. Both walk the stage's own schema: an object with
 * `properties` is filled in key by key, everything else is one value. `differing(withDefaults(p))` loses nothing: two
 * sets of parameters that differ anywhere differ there too.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ParameterSchema, StageKind } from '../../stages/stage.ts';

type Properties = Readonly<Record<string, JsonObject>>;

/** The parameters with every default filled in, in the order of the schema. */
export function withDefaults(params: JsonObject, schema: ParameterSchema): JsonObject {
  return filled(params, schema.properties);
}

/** The same of a kind, whose own defaults (`StageKind.defaults`) come before those of its schema. */
export function allDefaults(params: JsonObject, kind: Pick<StageKind, 'parameters' | 'defaults'>): JsonObject {
  return withDefaults({ ...kind.defaults?.(params), ...params }, kind.parameters);
}

/** Only the parameters whose value is not the default. */
export function differing(params: JsonObject, schema: ParameterSchema): JsonObject {
  return remaining(params, schema.properties);
}

/** The parameters of a stage of which nothing is written. */
export function defaultsOf(schema: ParameterSchema): JsonObject {
  return withDefaults({}, schema);
}

/** Changes when a default does: a golden file holds it for every stage and version. */
export function defaultsDigest(stage: StageKind): string {
  return sha256(canonicalJson(defaultsOf(stage.parameters)));
}

function filled(value: JsonObject, properties: Properties): JsonObject {
  const result: Record<string, Json> = {};
  for (const [name, schema] of Object.entries(properties)) {
    const given = value[name];
    const inner = propertiesOf(schema);
    const full = given === undefined ? whenAbsent(schema) : inner && isObject(given) ? filled(given, inner) : given;
    if (full !== undefined) result[name] = full;
  }
  for (const [name, given] of Object.entries(value)) if (!Object.hasOwn(result, name)) result[name] = given;
  return result;
}

/** The value of a parameter that is not written; undefined where the schema has none. */
function whenAbsent(schema: JsonObject): Json | undefined {
  const inner = propertiesOf(schema);
  if (!inner) return schema.default;
  if (schema.default === undefined && !hasDefaults(inner)) return undefined;
  return isObject(schema.default ?? {}) ? filled((schema.default ?? {}) as JsonObject, inner) : schema.default;
}

function remaining(value: JsonObject, properties: Properties): JsonObject {
  const result: Record<string, Json> = {};
  for (const [name, given] of Object.entries(value)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const usual = schema && whenAbsent(schema);
    if (usual !== undefined && canonicalJson(given) === canonicalJson(usual)) continue;
    // An object that differs somewhere is kept even when nothing of it remains: `{}` is not the same as absent.
    const inner = schema && propertiesOf(schema);
    result[name] = inner && isObject(given) ? remaining(given, inner) : given;
  }
  return result;
}

function hasDefaults(properties: Properties): boolean {
  return Object.values(properties).some((schema) => {
    const inner = propertiesOf(schema);
    return schema.default !== undefined || (inner !== undefined && hasDefaults(inner));
  });
}

export function propertiesOf(schema: JsonObject): Properties | undefined {
  return isObject(schema.properties) ? (schema.properties as Properties) : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
