/** One experiment file with everything that it extends, merged into one tree. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { suggestion } from './nearest.ts';
import { parseYaml } from './parse.ts';
import type { Problems } from './problems.ts';
import { Source } from './source.ts';
import {
  described,
  get,
  merge,
  type Scalar,
  type Span,
  type Tree,
  type TreeMap,
  withEntry,
  withoutEntry,
} from './tree.ts';

/** The only format there is; a later one is refused, never misread. */
export const VERSION = 1;

export interface ExperimentFile {
  readonly path: string;
  /** Given by tests and editors; read from disk otherwise. */
  readonly text?: string;
}

/** Undefined when nothing usable was found; every reason is in `problems`. */
export function loadExperiment(file: ExperimentFile, problems: Problems): TreeMap | undefined {
  return load(file, [], undefined, problems);
}

interface Referrer {
  readonly file: string;
  readonly span: Span;
}

function load(
  file: ExperimentFile,
  chain: readonly string[],
  from: Referrer | undefined,
  problems: Problems,
): TreeMap | undefined {
  const text = file.text ?? readText(file.path, from, problems);
  if (text === undefined) return undefined;
  const source = new Source(file.path, text);
  const before = problems.count;
  const tree = parseYaml(source, problems);
  if (!tree) {
    if (problems.count === before)
      problems.file(file.path, 'EMPTY_FILE', 'The file is empty.', {
        help: '`retort init NAME` writes an experiment that runs, to start from.',
      });
    return undefined;
  }
  if (tree.type !== 'map') {
    problems.in(
      tree,
      'NOT_A_MAP',
      `Expected keys such as \`version: ${VERSION}\` and \`stages:\` at the top, but found ${described(tree)}.`,
    );
    return undefined;
  }
  return mergeBases(withVersion(tree, problems), file.path, [...chain, file.path], problems);
}

function mergeBases(tree: TreeMap, path: string, chain: readonly string[], problems: Problems): TreeMap | undefined {
  const named = get(tree, 'extends');
  const own = withoutEntry(tree, 'extends');
  if (!named) return own;
  let base: TreeMap | undefined;
  let complete = true;
  for (const item of named.type === 'list' ? named.items : [named]) {
    const loaded = loadBase(item, path, chain, problems);
    if (!loaded) complete = false;
    else base = base ? merge(base, loaded) : loaded;
  }
  // Without one of its bases an experiment would only show errors that are not there.
  return complete ? (base ? merge(base, own) : own) : undefined;
}

function loadBase(item: Tree, path: string, chain: readonly string[], problems: Problems): TreeMap | undefined {
  if (item.type !== 'scalar' || typeof item.value !== 'string') {
    problems.in(
      item,
      'WRONG_TYPE',
      `Expected \`extends\` to be a file name or a list of them, but found ${described(item)}.`,
    );
    return undefined;
  }
  const target = isAbsolute(item.value) ? item.value : join(dirname(path), item.value);
  const start = chain.findIndex((earlier) => normalize(earlier) === normalize(target));
  if (start >= 0) {
    const circle = [...chain.slice(start), target].map((name) => `\`${name}\``).join(' extends ');
    problems.in(item, 'CYCLE', `Files extend each other in a circle: ${circle}.`);
    return undefined;
  }
  return load({ path: target }, chain, { file: target, span: (item as Scalar).span }, problems);
}

/** Every file is of a format of its own; one that is wrong is reported here, so the schema need not do it again. */
function withVersion(tree: TreeMap, problems: Problems): TreeMap {
  const entry = tree.entries.get('version');
  const version = entry?.value;
  if (!version || toNumber(version) === VERSION) return tree;
  const newer = (toNumber(version) ?? 0) > VERSION;
  problems.in(version, 'WRONG_VERSION', `Expected \`version: ${VERSION}\`, got ${described(version)}.`, {
    help: newer ? 'The file is of a newer format: update retort.' : `Write \`version: ${VERSION}\`.`,
  });
  const refused: Tree = { type: 'scalar', span: version.span, value: VERSION, text: '', quoted: false, refused: true };
  return withEntry(tree, 'version', { ...entry, value: refused });
}

function toNumber(tree: Tree): number | undefined {
  return tree.type === 'scalar' && typeof tree.value === 'number' ? tree.value : undefined;
}

function readText(path: string, from: Referrer | undefined, problems: Problems): string | undefined {
  const report = (code: string, message: string, help?: string): undefined => {
    if (from) problems.at(from.span, code, message, { help });
    else problems.file(path, code, message, { help });
  };
  try {
    if (!statSync(path).isFile()) return report('NOT_A_FILE', `Expected \`${path}\` to be a file.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return report('FILE_MISSING', `There is no file \`${path}\`.`, neighbours(path));
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return report('NOT_TEXT', `The file \`${path}\` is not UTF-8 text.`);
    return report('FILE_UNREADABLE', `The file \`${path}\` cannot be read: ${(error as Error).message}.`);
  }
}

function neighbours(path: string): string | undefined {
  try {
    const names = readdirSync(dirname(path)).filter((name) => /\.ya?ml$/.test(name));
    return suggestion(basename(path), names, 'Beside it');
  } catch {
    // The folder is missing too; the message says enough.
    return undefined;
  }
}
