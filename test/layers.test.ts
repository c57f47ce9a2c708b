/**
 * The house stands in one direction: a folder may import from itself and from the folders below it, never from above.
 * The order is ARCHITECTURE.md's.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

/** Top to bottom; the first entry that is a prefix of a file's path is its layer. */
const LAYERS = [
  'test',
  'bench',
  'engine/cli',
  'engine/report',
  'engine/export',
  'engine/config',
  'engine/run',
  'engine/executors',
  'engine/store',
  'engine/events',
  'engine/plan',
  'stages',
  'methods',
  'nn',
  'data',
  'tensor',
  'base',
];

const IMPORT = /(?:import|export)\s[^;]*?from\s+'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)|import\s+'(\.[^']+)'/g;

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => path === `${layer}.ts` || path.startsWith(`${layer}/`));
}

function sourceFiles(): string[] {
  return ['base', 'tensor', 'nn', 'methods', 'data', 'stages', 'engine', 'bench'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  );
}

it('every source file belongs to a layer', () => {
  expect(sourceFiles().filter((file) => layerOf(file) < 0)).toEqual([]);
});

it('no file imports from a layer above its own', () => {
  const upward = sourceFiles().flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(IMPORT)]
      .map((match) => normalize(join(dirname(file), match[1] ?? match[2] ?? match[3] ?? '')))
      .filter((target) => layerOf(target) >= 0 && layerOf(target) < layerOf(file))
      .map((target) => `${file} imports ${target}`),
  );
  expect(upward).toEqual([]);
});
