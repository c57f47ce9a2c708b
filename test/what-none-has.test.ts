/** The table "what none has -> its test" of FEATURES.md is true: each file is there, and a test in it has the line's name. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const [, section = ''] = readFileSync('FEATURES.md', 'utf8').split('\n## What none has, and its test\n');
const rows = [...section.matchAll(/^\| (.+?) \| (.+?) \|$/gm)]
  .map(([, line = '', cell = '']) => ({
    line,
    cell,
    files: [...cell.matchAll(/`(.+?)`/g)].map(([, file = '']) => file),
  }))
  .slice(1);

it('lists every line once, and says of those without a test that they are planned', () => {
  expect(new Set(rows.map(({ line }) => line)).size).toBe(12);
  for (const { cell, files } of rows) expect(files.length > 0 || cell.startsWith('planned')).toBe(true);
});

it.each(rows.flatMap(({ line, files }) => files.map((file) => ({ line, file }))))('$line: $file', ({ line, file }) => {
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`(it|describe)(\\.each\\([^\\n]*\\))?\\(\\s*'${line}: `));
});
