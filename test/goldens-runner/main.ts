/**
 * `npm run goldens -- DIR [--backend NAME] [--only GLOB]`: evaluates every case of DIR on a backend, a line a case with the
 * largest error over the allowed one. Exit 1 on any failure. Cases of `test/goldens/required.txt` may not skip.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { matchesGlob } from '../../base/glob.ts';
import { packageRoot } from '../../base/package-root.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { caseFolders } from './case.ts';
import { describeVerdict, runCase } from './run-case.ts';

function usage(problem: string): never {
  process.stderr.write(`${problem}\nUsage: npm run goldens -- DIR [--backend NAME] [--only GLOB] [--threads N]\n`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    backend: { type: 'string', default: 'onnxruntime' },
    only: { type: 'string', default: '*' },
    threads: { type: 'string', default: '2' },
  },
});
const [folder, ...others] = positionals;
if (folder === undefined || others.length > 0) usage('Expected one folder of golden cases.');
if (!existsSync(folder)) usage(`There is no folder ${folder}.`);
const threads = Number(values.threads);
if (!Number.isInteger(threads) || threads < 1)
  usage(`Expected --threads to be a number from 1, got ${values.threads}.`);

const opened = await openBackend(values.backend, { threads });
if (!opened.ok) {
  process.stderr.write(`${opened.error.message}\n${opened.error.help ?? ''}\n`);
  process.exit(opened.error.code === 'BACKEND_UNKNOWN' ? 2 : 5);
}
const list = readFileSync(join(packageRoot(), 'test/goldens/required.txt'), 'utf8');
const required = new Set(list.split('\n').filter((line) => line !== '' && !line.startsWith('#')));

const counts = { ok: 0, FAIL: 0, skipped: 0 };
for (const path of caseFolders(folder).filter((name) => matchesGlob(basename(name), values.only))) {
  const verdict = await runCase(path, opened.value, required);
  counts[verdict.state]++;
  process.stdout.write(`${describeVerdict(verdict)}\n`);
}
process.stdout.write(`${counts.ok} passed, ${counts.FAIL} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.FAIL > 0 ? 1 : 0;
