/**
 * YAML 1.2 text → the YAML library's document, with every error of syntax told at the characters that are wrong, in words
 * of ours: the library reports where it noticed, which is often a line too late.
 */
import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml';
import type { Problems } from './problems.ts';
import type { Source } from './source.ts';

/** Far more than anybody writes, far less than what ends the stack of those who walk the tree. */
export const MAX_DEPTH = 64;

export const tooDeepHelp = `Expected at most ${MAX_DEPTH} levels.`;

export function readDocument(source: Source, text: string, problems: Problems): Document.Parsed | undefined {
  let document: Document.Parsed;
  try {
    // Duplicate keys are found by `parse.ts`, where the first one can be shown too.
    document = parseDocument(text, { merge: true, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return tooDeep(source, problems);
  }
  if (document.errors.some(({ message }) => /call stack/i.test(message))) return tooDeep(source, problems);
  const tags = document.warnings.filter((warning) => warning.code === 'TAG_RESOLVE_FAILED');
  const lines = new Set<number>();
  let open: ReturnType<typeof bracketed> | undefined;
  for (const { code, message, pos } of [...document.errors, ...tags]) {
    // The parser reports only the missing end; what is still open there is the innermost that reaches so far.
    if (neverClosed(message)) open ??= bracketed(document);
    const opening = neverClosed(message)
      ? open?.findLast(({ start, end }) => start < pos[0] && end >= pos[0] - 1)?.start
      : undefined;
    const further = TWO_KEYS.has(code) ? indentedFurther(text, pos[0]) : undefined;
    const start = opening ?? further ?? (code === 'BAD_INDENT' ? afterBlanks(text, pos[0]) : pos[0]);
    const span = { source, start, end: Math.max((opening ?? further) === undefined ? pos[1] : 0, start + 1) };
    // One slip often breaks the rest of its line, so only the first error of a line is worth reading; and a line that
    // begins in the wrong column breaks those after it.
    const { line } = source.place(span.start, span.end);
    const follows = TWO_KEYS.has(code) && lines.has(line - 1);
    if (lines.has(line) || follows) {
      lines.add(line);
      continue;
    }
    lines.add(line);
    const { sentence, help } =
      opening !== undefined
        ? { sentence: `This \`${text[opening]}\` is never closed.` }
        : further !== undefined
          ? {
              sentence: 'This line is indented further than the one above, whose value it would go on with.',
              help: 'Keys of one map begin in the same column.',
            }
          : syntaxMessage(code, message, text.slice(start));
    problems.at(span, code === 'TAB_AS_INDENT' ? 'TAB' : 'YAML_SYNTAX', sentence, { help });
  }
  return document;
}

/** The parser recurses; a file nested thousands of levels deep ends its stack. */
function tooDeep(source: Source, problems: Problems): undefined {
  problems.file(source.name, 'NESTED_TOO_DEEP', 'The file is nested too deeply to be read.', {
    help: tooDeepHelp,
  });
}

function neverClosed(message: string): boolean {
  return /^Missing closing|end with an? [\]}]/.test(message);
}

/** Where quoted texts, lists and maps in brackets lie, outer before inner. One walk, since deep files make walks dear. */
function bracketed(document: Document.Parsed): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  visit(document, (_, node) => {
    const open = isMap(node) || isSeq(node) ? node.flow : isScalar(node) && /^QUOTE/.test(node.type ?? '');
    const range = open ? (node as Node).range : undefined;
    if (range) found.push({ start: range[0], end: range[1] });
  });
  return found;
}

/** What the parser says where it meets a key inside the value of another. */
const TWO_KEYS: ReadonlySet<string> = new Set(['BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY']);

/** Where the key begins whose line, by its column, goes on with the value at `start`; undefined where it does not. */
function indentedFurther(text: string, start: number): number | undefined {
  const before = /^[^\r\n]*?(?=: |:?[\r\n]|$)/.exec(text.slice(start))?.[0] ?? '';
  const end = start + before.length;
  const [line, indent = ''] = /^\r?\n( *)(?=[^\s#])/.exec(text.slice(end)) ?? [];
  const above = /^ */.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1))?.[0] ?? '';
  return line !== undefined && indent.length > above.length ? end + line.length : undefined;
}

function afterBlanks(text: string, start: number): number {
  const blanks = /^[ \t]*/.exec(text.slice(start))?.[0].length ?? 0;
  return /[\r\n]/.test(text.charAt(start + blanks)) ? start : start + blanks;
}

function syntaxMessage(code: string, message: string, rest: string): { sentence: string; help?: string } {
  switch (code) {
    case 'TAB_AS_INDENT':
      return { sentence: 'A tab cannot indent YAML.', help: 'Use spaces, two a level.' };
    case 'MULTIPLE_DOCS':
      return { sentence: 'Expected one experiment in a file, but a second document begins here.' };
    case 'BAD_SCALAR_START':
      return { sentence: `A value cannot begin with \`${rest[0]}\`.`, help: 'Put it in quotes.' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        sentence: 'A second `key: value` begins on the line of another.',
        help: 'Begin a new line, or put the text in quotes.',
      };
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR':
      if (/^[A-Za-z_][\w-]*:[^\s/]/.test(rest))
        return { sentence: 'A space is missing after the colon.', help: 'Write `key: value`.' };
      return { sentence: `${message}.` };
    case 'TAG_RESOLVE_FAILED':
      return { sentence: 'Tags such as `!name` have no meaning here.', help: 'Leave the tag out.' };
    case 'UNEXPECTED_TOKEN':
      if (rest.startsWith('{'))
        return { sentence: 'Unexpected `{`.', help: 'An axis is written `$axis`, without braces.' };
      return { sentence: `${message}.` };
    default:
      return { sentence: `${message.replace(/"(?=quote)/, '" ')}.` };
  }
}
