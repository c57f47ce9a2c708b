/** The golden vectors of the official implementations, on every backend that is here. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../base/package-root.ts';
import { unwrap } from '../base/result.ts';
import { openBackend } from '../tensor/backends/open.ts';
import { caseFolders } from './goldens-runner/case.ts';
import { runCase } from './goldens-runner/run-case.ts';

const FOLDER = join(packageRoot(), 'test/goldens');
const required = new Set(
  readFileSync(join(FOLDER, 'required.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);
/** Networks of ten million parameters take the float64 interpreter minutes. */
const TOO_LARGE_FOR_REFERENCE = /-(alexnet|vgg|resnet)/;

describe.each(['onnxruntime', 'reference'])('goldens on %s', (name) => {
  const backend = openBackend(name, { threads: 2 }).then(unwrap);
  const cases = caseFolders(FOLDER)
    .filter((folder) => required.has(basename(folder)))
    .filter((folder) => name !== 'reference' || !TOO_LARGE_FOR_REFERENCE.test(basename(folder)));

  afterAll(() => expect(cases.length).toBeGreaterThan(20));

  it.each(cases.map((folder) => [basename(folder), folder]))('%s', async (_, folder) => {
    const verdict = await runCase(folder, await backend, required);
    expect(verdict).toMatchObject({ state: 'ok' });
  });
});
