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
    const start = opening ?? (code === 'BAD_INDENT' ? afterBlanks(text, pos[0]) : pos[0]);
    const span = { source, start, end: Math.max(opening === undefined ? pos[1] : 0, start + 1) };
    // One slip often breaks the rest of its line, so only the first error of a line is worth reading.
    const { line } = source.place(span.start, span.end);
    if (lines.has(line)) continue;
    lines.add(line);
    const { sentence, help } =
      opening === undefined
        ? syntaxMessage(code, message, text.slice(start))
        : { sentence: `This \`${text[opening]}\` is never closed.` };
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
