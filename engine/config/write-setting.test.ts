import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { writeSetting } from './write-setting.ts';

const OURS = `# what we decided
store: results   # on the large disk

# the lab's
backend: 'onnxruntime' # until TensorFlow is there
`;

it('changes one value and keeps the rest, comments too; the second time it has nothing to do', () => {
  const path = join(temporaryFolder(), 'retort.config.yaml');
  writeFileSync(path, OURS);
  expect(writeSetting(path, 'backend', 'tensorflow')).toEqual({ ok: true, value: true });
  const written = readFileSync(path, 'utf8');
  expect(written).toMatchInlineSnapshot(`
    "# what we decided
    store: results # on the large disk

    # the lab's
    backend: 'tensorflow' # until TensorFlow is there
    "
  `);
  expect(writeSetting(path, 'backend', 'tensorflow')).toEqual({ ok: true, value: false });
  expect(readFileSync(path, 'utf8')).toBe(written);
});

it.each([
  ['', 'backend: tensorflow\n'],
  ['# nothing yet\n', '# nothing yet\n\nbackend: tensorflow\n'],
  ['data: ~/data\n', 'data: ~/data\nbackend: tensorflow\n'],
])('adds it to %j', (before, after) => {
  const path = join(temporaryFolder(), 'retort.config.yaml');
  writeFileSync(path, before);
  expect(writeSetting(path, 'backend', 'tensorflow')).toEqual({ ok: true, value: true });
  expect(readFileSync(path, 'utf8')).toBe(after);
});

it('makes the file, and leaves nothing else beside it', () => {
  const folder = temporaryFolder();
  writeSetting(join(folder, 'retort.config.yaml'), 'backend', 'tensorflow');
  expect(readdirSync(folder)).toEqual(['retort.config.yaml']);
});

it.each(['- a list\n', 'backend: [\n', 'a word\n'])('leaves %j alone', (text) => {
  const path = join(temporaryFolder(), 'retort.config.yaml');
  writeFileSync(path, text);
  expect(writeSetting(path, 'backend', 'tensorflow')).toMatchObject({ ok: false, error: { code: 'SETTINGS_INVALID' } });
  expect(readFileSync(path, 'utf8')).toBe(text);
});
