/**
 * A tree against a JSON Schema by ajv, all errors at once, each turned into a sentence at the characters that are wrong.
 */
import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv';
import { toSentence } from './ajv-sentences.ts';
import { nearest } from './nearest.ts';
import type { Problems } from './problems.ts';
import { axisNamed } from './substitute.ts';
import { locate, type Span, type Tree, toJson } from './tree.ts';

export interface Subject {
  /** What the schema describes, for sentences: `stage kind \`match\``. */
  readonly what: string;
  /** Names that may stand beside the schema's own properties, for suggestions. */
  readonly otherNames?: readonly string[];
  /** Shown with what is missing: where the thing got its kind, say, when that is not where the error points. */
  readonly related?: readonly { readonly message: string; readonly span: Span }[] | undefined;
  /** Whether `$axis` may still stand for a value: it is not wrong then. */
  readonly references?: boolean;
}

// `verbose` gives sentences the schema that was broken; `allowUnionTypes` since "a name or a list of names" is usual here.
// The schemas are the product's own and tests compile them in full; compiling the schema of schemas and polishing code that
// runs once would take longer than everything else that a small experiment needs.
const ajv = new Ajv({
  ...{ strict: true, allErrors: true, verbose: true, allowUnionTypes: true },
  ...{ meta: false, validateSchema: false, code: { optimize: false } },
});
const compiled = new WeakMap<AnySchemaObject, ValidateFunction>();

export function validate(tree: Tree, schema: AnySchemaObject, subject: Subject, problems: Problems): void {
  let check = compiled.get(schema);
  if (!check) {
    check = ajv.compile(schema);
    compiled.set(schema, check);
  }
  if (check(toJson(tree))) return;
  const errors = withoutBranches(check.errors ?? []);
  // What has the wrong type is not also out of range.
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  for (const error of errors)
    if ((error.keyword === 'type' || !mistyped.has(error.instancePath)) && !isMisspelt(error, errors))
      report(tree, error, subject, problems);
}

/** A required key that is there under a name much like its own: the unknown name is what is wrong, and says the right one. */
function isMisspelt(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword !== 'required') return false;
  const { missingProperty } = error.params as { missingProperty: string };
  const known = Object.keys((error.parentSchema?.properties ?? {}) as object);
  return errors.some(
    ({ keyword, instancePath, params }) =>
      keyword === 'additionalProperties' &&
      instancePath === error.instancePath &&
      nearest((params as { additionalProperty: string }).additionalProperty, known) === missingProperty,
  );
}

function report(tree: Tree, error: ErrorObject, subject: Subject, problems: Problems): void {
  const path = pathOf(error.instancePath);
  const params = error.params as { additionalProperty?: string; propertyName?: string };
  const key = params.additionalProperty ?? (error.keyword === 'propertyNames' ? params.propertyName : undefined);
  const found = locate(tree, key === undefined ? path : [...path, key]);
  if (found.tree.type === 'scalar' && (found.tree.refused || (subject.references && axisNamed(found.tree)))) return;
  const { code, message, help, point } = toSentence(error, found.tree, path, subject);
  const related = error.keyword === 'required' && path.length === 0 ? subject.related : undefined;
  problems.found(found, point, code, message, { help, ...(related && { related }) });
}

/** `/stages/a~1b/0` → `['stages', 'a/b', '0']`. */
function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * An `anyOf` that fails reports every branch. Where the branches are told apart by a constant (`kind`), only the chosen
 * one's errors are about what was written; otherwise the sentence names the alternatives and the branches' errors go.
 */
function withoutBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  let kept = [...errors];
  for (const union of errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf')) {
    const branch = chosenBranch(union);
    const inside = (error: ErrorObject): boolean =>
      error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`);
    kept = kept.filter((error) => {
      if (error === union) return branch === undefined;
      return !inside(error) || (branch !== undefined && error.schemaPath.startsWith(`${union.schemaPath}/${branch}/`));
    });
  }
  // `if` only says that its `then` failed, which has reported already.
  return kept.filter((error) => error.keyword !== 'if');
}

function chosenBranch(union: ErrorObject): number | undefined {
  const data = union.data as unknown;
  if (!Array.isArray(union.schema) || typeof data !== 'object' || data === null) return undefined;
  const index = (union.schema as AnySchemaObject[]).findIndex((branch) =>
    Object.entries((branch.properties ?? {}) as Record<string, { const?: unknown }>).some(
      ([name, schema]) => schema.const !== undefined && (data as Record<string, unknown>)[name] === schema.const,
    ),
  );
  return index < 0 ? undefined : index;
}
