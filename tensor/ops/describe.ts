/** Operations in messages: what an operation was given, and the line of the source that built it. */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import type { Expr } from '../expr.ts';

export function described(inputs: readonly Expr[]): string {
  if (inputs.length === 0) return 'nothing';
  return inputs.map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`).join(' and ');
}

const maps = new Map<string, SourceMap | undefined>();

/** `methods/dm.js:24`, which runs, as `methods/dm.ts:31`, which was written; as it is where that is not known. */
export function shownOrigin(origin: string): string {
  const [, file = '', line = ''] = /^(.*\.js):(\d+)$/.exec(origin) ?? [];
  if (file === '') return origin;
  const written = mapOf(file)?.findEntry(Number(line) - 1, Number.MAX_SAFE_INTEGER);
  if (!written || !('originalLine' in written)) return origin;
  return `${file.replace(/\.js$/, '.ts')}:${written.originalLine + 1}`;
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(file));
  return maps.get(file);
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(join(packageRoot(), 'dist', `${file}.map`), 'utf8')));
  } catch {
    return undefined;
  }
}
