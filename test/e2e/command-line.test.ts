/** The command line itself, through the real binary: help, mistakes in it, and what the looking commands say. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commands } from '../../engine/cli/commands.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('help names every command, and every command has a page', async () => {
  const project = new Project();
  const { code, stdout, stderr } = await project.retort(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const { name } of commands) {
    expect(stdout).toContain(`  ${name}`);
    const page = await project.retort([name, '-h']);
    expect(page.code).toBe(0);
    expect(page.stdout).toContain(`Usage: retort ${name}`);
  }
  expect((await project.retort(['help', 'run'])).stdout).toBe((await project.retort(['run', '--help'])).stdout);
});

it('mistakes in the command line: exit 2, on stderr, with the nearest name', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  const lines = [
    [],
    ['rum', 'tiny.yaml'],
    ['--stroe'],
    ['run'],
    ['run', 'tiny.yaml', '--sotre', 'x'],
    ['run', 'tiny.yaml', '--reporter', 'tuii'],
    ['run', 'replicates.sets=3'],
    ['run', 'tiny.yaml', 'stages.score.epoch=3'],
    ['run', 'tiny.yaml', '--backend', 'onnx'],
    ['stages', 'matc'],
    ['compare', 'tiny.yaml', '--by', 'metod'],
  ];
  const answers = await Promise.all(lines.map((line) => project.retort(line)));
  expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual(lines.map(() => [2, '']));
  expect(
    answers
      .slice(1)
      .map(({ stderr }, index) => `$ retort ${lines[index + 1]?.join(' ')}\n${stderr}`)
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "$ retort rum tiny.yaml
    There is no command \`rum\`. Did you mean \`run\`?

    \`retort --help\` shows what there is.

    $ retort --stroe
    Expected a command before \`--stroe\`.

    \`retort --help\` shows what there is.

    $ retort run
    Expected \`retort run FILE… [key=value…]\`.

    \`retort run --help\` shows what there is.

    $ retort run tiny.yaml --sotre x
    There is no flag \`--sotre\`. Did you mean \`--store\`?

    \`retort run --help\` shows what there is.

    $ retort run tiny.yaml --reporter tuii
    Expected \`--reporter\` to be tui, plain, ndjson or silent, got \`tuii\`. Did you mean \`tui\`?

    \`retort run --help\` shows what there is.

    $ retort run replicates.sets=3
    Expected an experiment file, got only \`replicates.sets=3\`.

    \`retort run --help\` shows what there is.

    $ retort run tiny.yaml stages.score.epoch=3
    command line:1:14 There is no key \`epoch\` in \`stages.score\`.
        stages.score.epoch=3
                     ~~~~~
        Did you mean \`epochs\`?

    1 error.

    $ retort run tiny.yaml --backend onnx
    There is no backend \`onnx\`. Did you mean \`onnxruntime\`?

    \`retort run --help\` shows what there is.

    $ retort stages matc
    There is no stage kind \`matc\`. Did you mean \`match\`?

    \`retort stages --help\` shows what there is.

    $ retort compare tiny.yaml --by metod
    \`tiny\` has no axis \`metod\`. Did you mean \`method\`?

    \`retort compare --help\` shows what there is.
    "
  `);
  expect(existsSync(project.path('runs'))).toBe(false);
});

/** They have something to say that is no data. */
const TALKATIVE = ['validate', 'ls'];

it('commands that only look leave nothing behind', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  for (const line of [
    ['plan', 'tiny.yaml'],
    ['plan', 'tiny.yaml', '--json'],
    ['validate', 'tiny.yaml'],
    ['compare', 'tiny.yaml'],
    ['ls'],
    ['stages'],
    ['stages', 'match'],
    ['data'],
    ['schema'],
    ['doctor'],
  ]) {
    const { code, stderr } = await project.retort(line);
    expect({ line, code, stderr: TALKATIVE.includes(line[0] ?? '') ? '' : stderr }).toEqual({
      line,
      code: 0,
      stderr: '',
    });
  }
  expect(existsSync(project.path('runs'))).toBe(false);
});

it('json output is one document with its schema', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  for (const line of [
    ['plan', 'tiny.yaml', '--json'],
    ['validate', 'tiny.yaml', '--json'],
    ['compare', 'tiny.yaml', '--format', 'json'],
    ['ls', '--json'],
    ['stages', '--json'],
    ['data', '--json'],
    ['doctor', '--json'],
  ]) {
    const { stdout } = await project.retort(line);
    expect((JSON.parse(stdout) as { schema: string }).schema).toMatch(/^retort-[a-z]+\/1$/);
  }
});

it('mistakes are one document too, where json was asked for; people read them on stderr as ever', async () => {
  const project = new Project().write({ 'wrong.yaml': tinyExperiment().replace('epochs: 1', 'epochz: 1') });
  const cases = [
    [['plan', 'wrong.yaml', '--json'], { code: 'UNKNOWN_KEY', file: 'wrong.yaml', place: { line: 13 } }],
    [['status', 'nope', '--json'], { code: 'STORE_MISSING' }],
    [['compare', 'wrong.yaml:method', '--format', 'json'], { code: 'USAGE' }],
    [['plan', 'wrong.yaml', '--jsn', '--json'], { code: 'USAGE', message: expect.stringContaining('`--jsn`') }],
  ] as const;
  for (const [line, error] of cases) {
    const { code, stdout, stderr } = await project.retort(line);
    expect({ line, code }).toEqual({ line, code: 2 });
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'retort-diagnostics/1', errors: [error] });
    expect(stderr).not.toBe('');
    expect((await project.retort(line.filter((word) => !/json/.test(word)))).stdout).toBe('');
  }
});

it('--grid makes several values an axis; without it they are a mistake', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1 }) });
  const line = ['plan', 'tiny.yaml', 'stages.score.epochs=1,2', '--json'];
  const { stdout } = await project.retort([...line, '--grid']);
  expect(JSON.parse(stdout).plans[0].axes).toEqual({ method: ['random', 'dm'], epochs: ['1', '2'] });
  const without = await project.retort(line);
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('`--grid` makes several values an axis') });
});

it('--no-color goes with every command, before what the environment says', async () => {
  const project = new Project().write({ 'wrong.yaml': 'version: 2' });
  const coloured = { FORCE_COLOR: '1' };
  const said = async (...flags: string[]) => (await project.retort(['plan', 'wrong.yaml', ...flags], coloured)).stderr;
  expect(await said()).toContain('\u001b[');
  expect(await said('--no-color')).not.toContain('\u001b[');
});

it('a backend that is not installed: exit 5, and how to install it', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  const environment = { RETORT_CACHE: project.path('cache') };
  const { code, stderr } = await project.retort(['run', 'tiny.yaml', '--backend', 'tensorflow'], environment);
  expect(code).toBe(5);
  expect(stderr).toMatchInlineSnapshot(`
    "The backend tensorflow is not installed.
        Type \`retort setup tensorflow\`: it builds the binding against TensorFlow from PyPI.
    "
  `);
  expect(existsSync(project.path('runs'))).toBe(false);
});

it('a reader that goes away is no error', async () => {
  const running = new Project().start(['schema']);
  running.child.stdout?.destroy();
  expect(await running.finished).toMatchObject({ code: 0, stderr: '' });
});
