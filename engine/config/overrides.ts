/**
 * `key=value` of the command line, as in Hydra: `a.b=c` sets a key that is written or that a schema knows, `+a.b=c` adds
 * one, `++a.b=c` does either, `~a.b` deletes. The value is YAML. Errors point into the override as it was typed.
 */
import type { StageKind } from '../../stages/stage.ts';
import { knownKeys, knownPaths } from './known-keys.ts';
import { nearest, suggestion } from './nearest.ts';
import { parseYaml } from './parse.ts';
import type { Problems } from './problems.ts';
import { Source } from './source.ts';
import { described, type Span, type Tree, type TreeMap, withEntry, withoutEntry } from './tree.ts';

interface Override {
  readonly sign: '' | '+' | '++' | '~';
  readonly steps: readonly { readonly name: string; readonly span: Span }[];
  /** Absent for `~`. */
  readonly value?: Tree;
}

export function applyOverrides(
  experiment: TreeMap,
  overrides: readonly string[],
  stageKinds: readonly StageKind[],
  problems: Problems,
): TreeMap {
  let tree = experiment;
  for (const text of overrides) {
    const override = parseOverride(text, problems);
    if (override) tree = applied(tree, override, { root: tree, stageKinds, problems });
  }
  return tree;
}

/** Whether an argument of the command line is an override rather than a file. */
export function looksLikeOverride(argument: string): boolean {
  return /^(\+\+?)?[A-Za-z_][\w-]*(\.[\w-]+)*=/.test(argument) || /^~[A-Za-z_]/.test(argument);
}

function parseOverride(text: string, problems: Problems): Override | undefined {
  const source = new Source('command line', text, { override: true });
  const match = /^(\+\+|\+|~)?([^=]*)(=)?/.exec(text);
  const sign = (match?.[1] ?? '') as Override['sign'];
  const path = match?.[2] ?? '';
  let at = sign.length;
  const steps = path.split('.').map((name) => {
    const span = { source, start: at, end: at + Math.max(1, name.length) };
    at += name.length + 1;
    return { name, span };
  });
  const whole = { source, start: 0, end: text.length };
  if (path === '' || steps.some((step) => step.name === '')) {
    problems.at(whole, 'BAD_OVERRIDE', 'Expected an override such as `stages.score.epochs=5`.');
    return undefined;
  }
  if (sign === '~') {
    if (!match?.[3]) return { sign, steps };
    problems.at(whole, 'BAD_OVERRIDE', '`~` deletes a key and takes no value.');
    return undefined;
  }
  if (!match?.[3]) {
    problems.at(whole, 'BAD_OVERRIDE', 'Expected an override to have a value, as in `key=value`.');
    return undefined;
  }
  // Blanks instead of the key keep the offsets of the value those of the text as typed, which is what errors show.
  const before = problems.count;
  const parsed = parseYaml(source, problems, ' '.repeat(at) + text.slice(at));
  if (problems.count > before) return undefined;
  if (!parsed) {
    problems.at(whole, 'BAD_OVERRIDE', 'Expected a value after `=`.', { help: `\`~${path}\` deletes the key.` });
    return undefined;
  }
  return { sign, steps, value: parsed };
}

interface Context {
  readonly root: TreeMap;
  readonly stageKinds: readonly StageKind[];
  readonly problems: Problems;
}

function applied(map: TreeMap, override: Override, context: Context, depth = 0): TreeMap {
  const { sign, steps, value } = override;
  const { problems } = context;
  const step = steps[depth] as Override['steps'][number];
  const path = steps.slice(0, depth).map((earlier) => earlier.name);
  const entry = map.entries.get(step.name);
  const last = depth === steps.length - 1;
  const known = entry !== undefined || knownKeys(context.root, path, context.stageKinds).includes(step.name);
  if (!known && (sign === '~' || sign === '')) {
    refuseUnknown(override, depth, map, context);
    return map;
  }
  if (!last) {
    if (entry && entry.value.type !== 'map') {
      problems.at(
        step.span,
        'BAD_OVERRIDE',
        `\`${[...path, step.name].join('.')}\` is ${described(entry.value)} and has no keys.`,
        {
          help: 'Give it a whole new value.',
          related: [{ message: 'written here', span: entry.value.span }],
        },
      );
      return map;
    }
    const inner = (entry?.value as TreeMap | undefined) ?? { type: 'map', span: step.span, entries: new Map() };
    const value = applied(inner, override, context, depth + 1);
    // Nothing was changed below; a map that only holds nothing would be another error.
    return value === inner ? map : withEntry(map, step.name, { key: entry?.key ?? step.span, value });
  }
  if (sign === '~') {
    if (entry) return withoutEntry(map, step.name);
    problems.at(step.span, 'BAD_OVERRIDE', `\`${step.name}\` is not written, so it cannot be deleted.`);
    return map;
  }
  if (sign === '+' && entry) {
    problems.at(step.span, 'BAD_OVERRIDE', `\`${step.name}\` is already there; \`+\` only adds.`, {
      help: 'Leave out the `+` to change it.',
      related: [{ message: 'written here', span: entry.key }],
    });
    return map;
  }
  // `key=null` means what it means in a file that extends another: back to the default.
  if (value?.type === 'scalar' && value.value === null) return withoutEntry(map, step.name);
  return withEntry(map, step.name, { key: step.span, value: value as Tree });
}

function refuseUnknown(
  { steps }: Override,
  depth: number,
  map: TreeMap,
  { root, stageKinds, problems }: Context,
): void {
  const step = steps[depth] as Override['steps'][number];
  const path = steps.slice(0, depth).map((earlier) => earlier.name);
  const candidates = [...new Set([...map.entries.keys(), ...knownKeys(root, path, stageKinds)])];
  // Somebody who writes `epochs=5` means the one place where `epochs` is known.
  const rest = steps
    .slice(depth)
    .map((later) => later.name)
    .join('.');
  const elsewhere = knownPaths(root, stageKinds).filter((known) => known.endsWith(`.${rest}`));
  const help =
    elsewhere.length > 0 && elsewhere.length <= 6 && nearest(step.name, candidates) === undefined
      ? `Did you mean ${elsewhere.map((known) => `\`${known}\``).join(' or ')}?`
      : suggestion(step.name, candidates, 'Keys');
  const where = path.length === 0 ? 'the experiment' : `\`${path.join('.')}\``;
  problems.at(step.span, 'UNKNOWN_KEY', `There is no key \`${step.name}\` in ${where}.`, { help });
}
