/** Users' own programs as stages: tracked by what they declare, run every time without, never left behind. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Project } from '../rig/retort.ts';

/** Makes a set of two images a class, as PyTorch users would, and says how far it is. */
const MAKE_SET = `
const { readFileSync, writeFileSync } = require('fs');
const told = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const values = 20 * 28 * 28;
const header = { __metadata__: { set: 'fashion-mnist', classes: '10', mean: '[0.2861]', std: '[0.353]' },
  images: { dtype: 'F32', shape: [20, 1, 28, 28], data_offsets: [0, 4 * values] },
  labels: { dtype: 'I64', shape: [20], data_offsets: [4 * values, 4 * values + 160] } };
let text = JSON.stringify(header); text += ' '.repeat((8 - text.length % 8) % 8);
const size = Buffer.alloc(8); size.writeBigUInt64LE(BigInt(text.length));
const images = Float32Array.from({ length: values }, (_, at) => Math.sin(at * told.params.frequency + told.seed));
const labels = BigInt64Array.from({ length: 20 }, (_, at) => BigInt(Math.floor(at / 2)));
for (let step = 1; step <= 4; step++) console.log(JSON.stringify({ step, steps: 4, loss: 1 / step }));
writeFileSync(told.out + '/images/synthetic.safetensors',
  Buffer.concat([size, Buffer.from(text), Buffer.from(images.buffer), Buffer.from(labels.buffer)]));
writeFileSync(told.out + '/notes.txt', 'nobody asked for this');
`;

const GRID = `version: 1
name: own
data: { set: fashion-mnist }
network: { kind: convnet, width: 4 }
matrix:
  method:
    random: { stage: select, method: random, imagesPerClass: 2 }
    own:
      stage: command
      run: [node, make-set.cjs, "{params}"]
      files: [make-set.cjs]
      outputs: [images]
      params: { frequency: 0.1 }
      steps: 4
stages:
  distil: { use: $method }
  score: { stage: evaluate, images: distil, epochs: 1 }
compare: { baseline: { method: random } }
`;

it('stands beside our own stages in a grid, and is found again as long as its files are the same', async () => {
  const project = new Project().write({ 'grid.yaml': GRID, 'make-set.cjs': MAKE_SET });
  const first = await project.retort(['run', 'grid.yaml', '--reporter', 'plain']);
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('4 nodes: 4 run')]);
  expect(first.stdout).toMatch(/^own .*\d/m);
  const log = readFileSync(logOf(project, 'distil-method-own'), 'utf8');
  expect(log).toContain('not declared by `outputs`, and not kept: notes.txt');
  expect((await project.retort(['run', 'grid.yaml'])).stderr).toContain('4 nodes: 0 run, 4 hits');

  project.write({ 'make-set.cjs': `${MAKE_SET}// changed\n` });
  const explained = await project.retort(['plan', 'grid.yaml']);
  expect(explained.stdout).toMatch(/files\.make-set\.cjs/);
  expect(explained.stdout).toContain('2 to run, 2 hits');

  project.write({ 'gone.yaml': GRID.replaceAll('make-set.cjs]', 'gone.cjs]') });
  const gone = await project.retort(['plan', 'gone.yaml']);
  expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining('declares the file `gone.cjs`')]);
});

/** Of the node whose folder's name holds this. */
function logOf(project: Project, part: string): string {
  const args = [project.path('runs/runs'), '-name', 'log.txt', '-path', `*${part}*`];
  return execFileSync('find', args, { encoding: 'utf8' }).trim();
}

const ALONE = (stage: string) => `version: 1
name: alone
data: { set: fashion-mnist }
stages:
  measure: { stage: command, ${stage} }
  again: { stage: command, metrics: measure, run: [node, "{in.metrics}/../../work/copy.cjs", "{in.metrics}", "{out}"], files: [copy.cjs] }
`;
const COPY = `require('fs').copyFileSync(process.argv[2] + '/metrics.json', process.argv[3] + '/metrics/metrics.json');`;

it('runs every time, with all that reads it, where it does not say what it reads', async () => {
  const measure = `require('fs').writeFileSync(process.argv[2] + '/metrics/metrics.json', JSON.stringify({ value: 7, secret: process.env.SECRET ? 1 : 0, listed: Number(process.env.LISTED) }));`;
  const project = new Project().write({
    'alone.yaml': ALONE('run: [node, measure.cjs, "{out}"], environment: [LISTED]'),
    'measure.cjs': measure,
    'copy.cjs': COPY,
  });
  const environment = { SECRET: 'x', LISTED: '3' };
  const first = await project.retort(['run', 'alone.yaml', '--reporter', 'plain'], environment);
  expect(first.stderr).toContain(
    'The stage `measure` does not declare its `files`, so it is not tracked: it runs every time',
  );
  expect(first.stderr).toContain('made from it: again.');
  expect(first.stderr).toMatch(/measure\S*: done .*value 7, secret 0, listed 3/);
  const second = await project.retort(['run', 'alone.yaml', '--reporter', 'plain'], environment);
  expect(second.stderr).toMatch(/measure\S*: done/);
  // The file has not changed.
  expect(second.stderr).not.toContain('Differs from');
});

it('a python program says what was wrong, and what it said last', async ({ skip }) => {
  skip(spawnSync('python3', ['-c', '']).status !== 0, 'python3 is not installed');
  const project = new Project().write({
    'alone.yaml': ALONE('run: [python3, bad.py], files: [bad.py]'),
    'bad.py': 'print("so far so good")\nraise SystemExit("no such thing as a free lunch")\n',
    'copy.cjs': COPY,
  });
  const { code, stderr } = await project.retort(['run', 'alone.yaml', '--reporter', 'plain']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/`python3 bad.py` ended with exit code 1.*no such thing as a free lunch/);
});

/** Ignores SIGTERM, and says who it is. */
const STUBBORN = `process.on('SIGTERM', () => console.log('not yet'));
require('fs').writeFileSync(process.argv[2], String(process.pid));
console.log('retort: step 1/2');
setInterval(() => {}, 1000);`;

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // Gone, maybe while it was being read.
    return false;
  }
}

it.each(['SIGINT', 'SIGKILL'] as const)('ends with its run, by SIGTERM and then SIGKILL: %s', async (signal) => {
  const project = new Project();
  project.write({
    'alone.yaml': ALONE(
      `run: [node, stubborn.cjs, "${project.path('pid')}"], files: [stubborn.cjs], steps: 2, grace: 0.2`,
    ),
    'stubborn.cjs': STUBBORN,
    'copy.cjs': COPY,
  });
  const running = project.start(['run', 'alone.yaml', '--reporter', 'ndjson']);
  await running.event(({ type, step }) => type === 'node-progress' && step === 1);
  const pid = Number(readFileSync(project.path('pid'), 'utf8'));
  expect(isAlive(pid)).toBe(true);
  const { code } = await running.kill(signal);
  if (signal === 'SIGINT') expect(code).toBe(75);
  await expect.poll(() => isAlive(pid), { timeout: 500_000 }).toBe(false);
});
