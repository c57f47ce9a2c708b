/** Names as people write them: without an ending, without the names of axes, of another run; and files that are not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { commands } from '../../engine/cli/commands.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project, ROOT } from '../rig/retort.ts';

vi.setConfig({ testTimeout: 180_000 });

it('an experiment without its ending, a provenance file that is not there: the right name, or what is wrong', async () => {
  const project = new Project().write({
    'lr.yaml': tinyExperiment(),
    'sub/other.yml': tinyExperiment(),
    'no.json': '{',
  });
  const helps = ['lr', 'lr.yam', 'sub/other'].map((name) => project.retort(['compare', name]));
  expect((await Promise.all(helps)).map(({ code, stderr }) => [code, /Did you mean (.*)\?/.exec(stderr)?.[1]])).toEqual(
    [
      [2, 'the file `lr.yaml`'],
      [2, 'the file `lr.yaml`'],
      [2, 'the file `sub/other.yml`'],
    ],
  );
  const [missing, folder, broken] = await Promise.all(
    ['nosuch.json', 'sub', 'no.json'].map((name) => project.retort(['reproduce', name])),
  );
  expect([missing?.code, missing?.stderr]).toEqual([
    2,
    'nosuch.json: There is no such file.\n    `retort export RUN --format prov --to FILE` writes one.\n',
  ]);
  expect(folder?.stderr).toContain('sub: Expected a file, and this is a folder.');
  expect(broken?.stderr).toContain('no.json: The file is not JSON: ');
});

it('a node by its values alone, and one that another run has', async () => {
  const tiny = (iterations: number, name: string) =>
    tinyExperiment({ iterations, sets: 1 }).replace('name: tiny', `name: ${name}`);
  const project = new Project().write({
    'one.yaml': tiny(1, 'one'),
    'two.yaml': tiny(9, 'two'),
    'three.yaml': tiny(1, 'three').replace(/ {4}dm:.*\n/, ''),
  });
  const begun = async (file: string): Promise<string> => {
    const ran = await project.retort(['run', file, '--only', 'start*', '--reporter', 'ndjson']);
    return events(ran.stdout)[0]?.run ?? '';
  };
  const ran = events((await project.retort(['run', 'one.yaml', '--reporter', 'ndjson'])).stdout);
  const one = ran[0]?.run ?? '';
  const [short, long] = await Promise.all(
    ['distil[dm,1]', 'distil[method=dm,set=1]'].map((node) => project.retort(['show', node])),
  );
  expect(short).toEqual(long);
  expect((await project.retort(['logs', 'distil[dm,1]'])).stdout).toContain('begins: 1 steps');
  const explained = await project.retort(['explain', 'one.yaml', 'distil[dm,1]']);
  expect(explained.stdout).toMatch(/^distil\[method=dm,set=1\]: hit/);
  const only = await project.retort(['plan', 'one.yaml', '--only', 'distil[dm,1]', '--json']);
  expect(JSON.parse(only.stdout).plans[0].nodes.map(({ id }: { id: string }) => id)).toContain(
    'distil[method=dm,set=1]',
  );

  // Another run that has made nothing of it, and a third without such a node.
  const two = await begun('two.yaml');
  const unfinished = await project.retort(['export', `${two}/distil[method=dm,set=1]`, '--to', 'out']);
  expect(unfinished.code).toBe(2);
  expect(unfinished.stderr).toContain(`distil[method=dm,set=1] is not finished in run ${two}`);
  expect(unfinished.stderr).toContain(`It is finished in run ${one}: \`${one}/distil[method=dm,set=1]\`.`);
  const three = await begun('three.yaml');
  const elsewhere = await project.retort(['export', `${three}/distil[method=dm,set=1]`, '--to', 'out']);
  expect(elsewhere.stderr).toContain(`Run \`${three}\` has no node \`distil[method=dm,set=1]\`.`);
  expect(elsewhere.stderr).toContain(`It is in runs ${two}, ${one}: \`${two}/distil[method=dm,set=1]\`.`);
});

it('`--no-input` goes with every command, and nothing is asked in any other place', async () => {
  const project = new Project();
  for (const { name } of commands) expect((await project.retort([name, '--no-input', '--help'])).code, name).toBe(0);
  expect((await project.retort(['init', 'first', '--no-input'])).code).toBe(0);
  expect((await project.retort(['plan', 'first.yaml', '--no-input', '--json'])).code).toBe(0);
  const folder = join(ROOT, 'engine');
  const asking = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && /readline|\bprompt\(/.test(readFileSync(join(folder, file), 'utf8')))
    .filter((file) => !file.endsWith('.test.ts'));
  expect(asking).toEqual([join('cli', 'ask.ts')]);
});
