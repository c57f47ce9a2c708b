/** Bad input: one clear answer with every error, exit 2, nothing started, nothing lost. */
import { cpSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project, ROOT } from '../rig/retort.ts';

async function rejects(yaml: string): Promise<string> {
  const project = new Project().write({ 'bad.yaml': yaml });
  const { code, stderr, stdout } = await project.retort(['run', 'bad.yaml']);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(existsSync(project.path('runs/runs'))).toBe(false);
  return stderr;
}

it('collects all errors of a file, each with its place and the nearest name', async () => {
  const page = await rejects(
    tinyExperiment()
      .replace('iterations: 3', 'iteratoins: 3')
      .replace('sets: 2', 'sets: two')
      .replace('stage: evaluate', 'stage: evalute'),
  );
  expect(`\n${page}`).toMatchInlineSnapshot(`
    "
    bad.yaml:8:51 Unknown key \`iteratoins\` in the stage \`distil\` (match).
            dm: { stage: match, method: dm, start: start, iteratoins: 3, batchReal: 8 }
                                                          ~~~~~~~~~~
        Did you mean \`iterations\`?
        bad.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    bad.yaml:9:21 Expected \`replicates.sets\` to be a whole number, but found the text "two".
        replicates: { sets: two, evaluations: 1 }
                            ~~~

    bad.yaml:13:19 There is no stage kind \`evalute\`.
          score: { stage: evalute, images: distil, epochs: 1 }
                          ~~~~~~~
        Did you mean \`evaluate\`?

    3 errors.
    "
  `);
});

it('refuses a seed over 2^53 - 1', async () => {
  const page = await rejects(`seed: 123456789012345678901\n${tinyExperiment()}`);
  expect(`\n${page}`).toMatchInlineSnapshot(`
    "
    bad.yaml:1:7 \`123456789012345678901\` is beyond 2^53-1 = 9007199254740991, where whole numbers lose digits: it would silently become 123456789012345683968.
        seed: 123456789012345678901
              ~~~~~~~~~~~~~~~~~~~~~
        Use a smaller number.

    1 error.
    "
  `);
});

it('refuses an alias bomb', async () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) {
    const name = String.fromCharCode(97 + level);
    const before = `*${String.fromCharCode(96 + level)}`;
    bomb.push(`${name}: &${name} [${Array(9).fill(before).join(', ')}]`);
  }
  const page = await rejects(`x-bomb:\n${bomb.map((line) => `  ${line}`).join('\n')}\n${tinyExperiment()}`);
  expect(`\n${page}`).toMatchInlineSnapshot(`
    "
    bad.yaml:7:10 Aliases repeat more than 100,000 values up to here.
          f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
                 ~~
        Write the values out, or split the experiment.

    1 error.
    "
  `);
});

it('names a missing experiment file', async () => {
  const { code, stderr } = await new Project().retort(['run', 'nowhere.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('nowhere.yaml');
});

it('names a truncated IDX file of the data folder', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  const folder = project.path('data/fashion-mnist');
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'data/bundled/fashion-mnist'), folder, { recursive: true });
  const victim = join(folder, 't10k-images-idx3-ubyte.gz');
  truncateSync(victim, Math.floor(readFileSync(victim).length / 2));
  const { code, stderr } = await project.retort(['run', 'tiny.yaml', '--data', 'data']);
  expect(code).toBe(2);
  expect(stderr).toContain('t10k-images-idx3-ubyte');
  expect(stderr).toMatch(/truncated|ends|incomplete|short/i);
  expect(existsSync(project.path('runs/runs'))).toBe(false);
});
