/** A stage's tree → its parameters, inputs, resources and origins, checked against the kind's own schema and rules. */
import type { Json, JsonObject } from '../../base/json.ts';
import { parseDuration, parseSize } from '../../base/units.ts';
import type { DataSummary } from '../../data/data-set.ts';
import { inputNames } from '../../stages/input-roles.ts';
import type { InputRole, StageKind } from '../../stages/stage.ts';
import { allDefaults, isObject } from '../plan/defaults.ts';
import type { Origin, ResolvedStage } from '../plan/experiment.ts';
import { STAGE_KEYS } from './experiment-schema.ts';
import { namedIn } from './named-inputs.ts';
import type { Problems } from './problems.ts';
import { snapshotsOf } from './snapshots.ts';
import { STEERING_KEYS, type StageTree } from './stage-tree.ts';
import {
  described,
  type Entry,
  type Found,
  get,
  locate,
  placeOf,
  type Span,
  type Tree,
  type TreeMap,
  toJson,
} from './tree.ts';
import { type Subject, validate } from './validate.ts';

/** Undefined when anything is wrong with it. */
export function stageParams(
  stage: StageTree,
  axes: readonly string[],
  problems: Problems,
  data?: DataSummary,
): ResolvedStage | undefined {
  const { name, kind, map } = stage;
  const before = problems.count;
  const written = pick(map, (key) => !Object.hasOwn(kind.inputs, key) && !Object.hasOwn(STAGE_KEYS, key));
  const subject: Subject = {
    what: `the stage \`${name}\` (${kind.kind})`,
    otherNames: [...Object.keys(kind.inputs), ...Object.keys(STAGE_KEYS)],
    related: whereItsKind(stage),
  };
  // Errors point into the stage, and a missing key at the stage's own name.
  validate({ ...written, span: stage.key }, parameterSchema(kind), subject, problems);
  const limits = limitsOf(map, kind, problems);
  const inputs = inputsOf(stage, problems);
  // What is refused was reported before: rules would be about a value that nobody wrote.
  if (problems.count > before || hasRefused(written)) return undefined;

  const params = allDefaults(toJson(written) as JsonObject, kind);
  const origins: Record<string, Origin> = {};
  collectOrigins(params, written, [], origins);
  const rules = kind.rules?.(params) ?? [];
  // Those of the data can take the others for granted.
  for (const rule of rules.length > 0 || !data ? rules : (kind.dataRules?.(params, data) ?? [])) {
    const found = locate({ ...written, span: stage.key }, rule.path);
    const related = found.found ? [] : whereItsKind(stage);
    problems.found(found, found.found ? 'value' : 'key', 'RULE', rule.message, { related });
  }
  const snapshots = problems.count > before ? undefined : snapshotsOf(stage, params, problems);
  if (problems.count > before) return undefined;
  return {
    ...{ name, kind: kind.kind, params, inputs, origins },
    ...limits,
    ...(snapshots && snapshots.length > 0 && { snapshots }),
    axes,
  };
}

/** What is missing is missing where the kind was chosen, often in a variant far from the stage's name. */
function whereItsKind({ kind, map }: StageTree): { message: string; span: Span }[] {
  const entry = map.entries.get('stage');
  return entry?.via ? [{ message: `\`${kind.kind}\` is chosen here`, span: entry.value.span }] : [];
}

const schemas = new WeakMap<StageKind, JsonObject>();

/** Unknown parameters are errors, at every depth: a typo in a run of a week is expensive. */
export function parameterSchema(kind: StageKind): JsonObject {
  let schema = schemas.get(kind);
  if (!schema) {
    schema = closed(kind.parameters as unknown as JsonObject);
    schemas.set(kind, schema);
  }
  return schema;
}

function closed({ named: _, ...schema }: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...schema };
  if (isObject(schema.items)) result.items = closed(schema.items);
  if (isObject(schema.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, isObject(inner) ? closed(inner) : inner]),
    );
    if (schema.additionalProperties === undefined) result.additionalProperties = false;
  }
  return result;
}

function hasRefused(tree: Tree): boolean {
  if (tree.type === 'scalar') return tree.refused === true;
  if (tree.type === 'list') return tree.items.some(hasRefused);
  return [...tree.entries.values()].some(({ value }) => hasRefused(value));
}

function pick(map: TreeMap, wanted: (key: string) => boolean): TreeMap {
  return { ...map, entries: new Map<string, Entry>([...map.entries].filter(([key]) => wanted(key))) };
}

type Limits = Pick<ResolvedStage, 'resources' | 'retries' | 'timeLimit'>;

/** What steers the run and is in no key (but threads are); sizes become bytes, durations seconds. */
function limitsOf(map: TreeMap, kind: StageKind, problems: Problems): Limits {
  const written = pick(map, (key) => STEERING_KEYS.includes(key));
  validate(written, STEERING, { what: 'what a stage takes' }, problems);
  const { resources, retries, timeLimit } = toJson(written) as Readonly<Record<string, Json>>;
  const { threads, memory, gpus, disk } = isObject(resources) ? resources : {};
  const seconds = typeof timeLimit === 'string' ? parseDuration(timeLimit) : undefined;
  return {
    resources: {
      threads: typeof threads === 'number' ? threads : kind.threads,
      ...sizeOf('memory', memory),
      ...(typeof gpus === 'number' && { gpus }),
      ...sizeOf('disk', disk),
    },
    ...(typeof retries === 'number' && { retries }),
    ...(seconds !== undefined && { timeLimit: seconds }),
  };
}

const STEERING: JsonObject = {
  type: 'object',
  properties: Object.fromEntries(STEERING_KEYS.map((name) => [name, STAGE_KEYS[name] as JsonObject])),
};

function sizeOf<Name extends string>(name: Name, text: Json | undefined): { [K in Name]?: number } {
  const bytes = typeof text === 'string' ? parseSize(text) : undefined;
  return (bytes === undefined ? {} : { [name]: bytes }) as { [K in Name]?: number };
}

function inputsOf(stage: StageTree, problems: Problems): Record<string, string> {
  const { name, key, kind, map } = stage;
  const inputs: Record<string, string> = {};
  for (const [role, input] of Object.entries(kind.inputs)) {
    const entry = map.entries.get(role);
    if (!entry) {
      if (input.required)
        problems.at(
          key,
          'MISSING_INPUT',
          `The stage \`${name}\` (${kind.kind}) needs the input \`${role}\`: ${input.description}`,
          {
            help: `Write \`${role}: STAGE\` with the name of a stage that makes ${input.type}.`,
            related: whereItsKind(stage),
          },
        );
      continue;
    }
    const named = namedIn(map, role, input);
    for (const found of named) checkName(role, input, found, problems);
    const names = named.flatMap(({ tree }) => (tree.type === 'scalar' ? String(tree.value) : []));
    inputNames(role, names.length).forEach((place, index) => {
      inputs[place] = names[index] as string;
    });
  }
  return inputs;
}

function checkName(role: string, { many }: InputRole, found: Found, problems: Problems): void {
  const { tree } = found;
  if (tree.type === 'scalar' && (typeof tree.value === 'string' || tree.refused)) return;
  const wanted = many ? 'the name of a stage or a list of names' : 'the name of a stage';
  problems.found(found, 'value', 'WRONG_TYPE', `Expected \`${role}\` to be ${wanted}, but found ${described(tree)}.`);
}

function collectOrigins(
  value: Json,
  tree: Tree | undefined,
  path: readonly string[],
  into: Record<string, Origin>,
): void {
  if (isObject(value) && (!tree || tree.type === 'map') && (path.length === 0 || Object.keys(value).length > 0)) {
    for (const [name, inner] of Object.entries(value))
      collectOrigins(inner, tree ? get(tree, name) : undefined, [...path, name], into);
  } else into[path.join('.')] = originOf(tree);
}

function originOf(tree: Tree | undefined): Origin {
  if (!tree) return { from: 'default' };
  if (tree.span.source.override) return { from: 'override', text: tree.span.source.text };
  const { file, line, column } = placeOf(tree.span);
  return { from: 'file', file, line, column };
}
