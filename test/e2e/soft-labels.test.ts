/** Teachers and labels that do not fit, through the real binary: told plainly, as early as it can be, and nothing is lost. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sha256 } from '../../base/digest.ts';
import { unwrap } from '../../base/result.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { type Event, events, Project } from '../rig/retort.ts';

const HEAD = `version: 1
name: decoupled
data: { set: fashion-mnist }
network: { kind: convnet, width: 4, depth: 2, norm: batch }
resources: { threads: 1 }
retries: 1
stages:
`;
const TEACHER = '  teacher: { stage: squeeze, epochs: 1, images: 50, batchSize: 20 }\n';
const IMAGES = '  images: { stage: select, imagesPerClass: 2 }\n';
const LABELS =
  '  labels: { stage: relabel, images: images, teacher: teacher, epochs: 5, batchSize: 12, epochsPerShard: 2 }\n';
const SCORE = '  score: { stage: evaluate, images: images, labels: labels, teacher: teacher, loss: kl, epochs: 2 }\n';
/** Maps are of probabilities as they are. */
const MAPPED = SCORE.replace('loss: kl', 'loss: kl, temperature: 1');
const YAML = HEAD + TEACHER + IMAGES + LABELS + SCORE;

/** An ONNX file of our own, or of nobody known. */
function network(
  classes: number,
  norm: 'batch' | 'none',
  foreign = false,
  head: 'flatten' | 'globalAverage' = 'flatten',
): Uint8Array {
  const images = { channels: 1, height: 28, width: 28, classes };
  const built = unwrap(buildNetwork({ kind: 'convnet', width: 4, depth: 1, norm, head }, images));
  const values = initialise(built, randomStream({ base: 1 }, 'network'), 0);
  const text = Buffer.from(unwrap(encodeTeacher({ network: built, values }))).toString('latin1');
  return Buffer.from(foreign ? text.replace('retort.network', 'others.network') : text, 'latin1');
}

const started = (stdout: string): string[] =>
  events(stdout).flatMap(({ type, node }: Event) => (type === 'node-started' && node ? [node] : []));
const shard = (index: number): string => `labels[set=1,shard=${index}of3]`;

it.each([false, true])('a network of other classes is refused by the plan (foreign: %s)', async (foreign) => {
  const yaml = `${HEAD}  teacher: { stage: import, file: seven.onnx }\n${IMAGES}${LABELS}${SCORE}`;
  const project = new Project().write({ 'own.yaml': yaml, 'seven.onnx': network(7, 'batch', foreign) });
  for (const command of ['plan', 'run']) {
    const { code, stderr } = await project.retort([command, 'own.yaml']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/seven\.onnx: .*of 7 classes.* of 10\.\n.*other|classes/),
    ]);
  }
  project.write({ 'seven.onnx': 'no network' });
  expect((await project.retort(['plan', 'own.yaml'])).stderr).toContain('This is no ONNX model that can be read');
  project.write({ 'seven.onnx': network(10, 'batch', foreign) });
  expect((await project.retort(['run', 'own.yaml'])).code).toBe(0);
});

it('a network without batch norm is told by the plan, with what can be done', async () => {
  const recovered =
    '  images: { stage: recover, teacher: teacher, imagesPerClass: 1, iterations: 2, classesPerShard: 5 }\n';
  const yaml = `${HEAD}  teacher: { stage: import, file: plain.onnx }\n${recovered}${LABELS}${SCORE}`;
  const project = new Project().write({ 'own.yaml': yaml, 'plain.onnx': network(10, 'none', true) });
  for (const command of ['plan', 'run']) {
    const { code, stderr } = await project.retort([command, 'own.yaml']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/plain\.onnx: .*no batch norm.*\n.*PRESERVE.*g-vbsm/)]);
  }
  // Labels need none.
  project.write({ 'labels.yaml': `${HEAD}  teacher: { stage: import, file: plain.onnx }\n${IMAGES}${LABELS}${SCORE}` });
  expect((await project.retort(['run', 'labels.yaml'])).code).toBe(0);
});

it('a network without an average at its end is told by the plan where label maps are read', async () => {
  const maps = '  labels: { stage: relabel, mode: maps, images: images, teacher: teacher, batchSize: 12 }\n';
  const yaml = `${HEAD}  teacher: { stage: import, file: flat.onnx }\n${IMAGES}${maps}${MAPPED}`;
  const project = new Project().write({ 'own.yaml': yaml, 'flat.onnx': network(10, 'batch', true) });
  for (const command of ['plan', 'run']) {
    const { code, stderr } = await project.retort([command, 'own.yaml']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/flat\.onnx: .*`avgPool`.*\n.*GlobalAveragePool/)]);
  }
  // Labels of views need none, but for the statistics of their own batches it must be known how it was trained.
  const batches = yaml.replace('mode: maps, ', 'statistics: batch, ').replace(MAPPED, SCORE);
  project.write({ 'own.yaml': batches });
  const { code, stderr } = await project.retort(['plan', 'own.yaml']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/flat\.onnx: .*`statistics: batch`.*\n.*running/)]);
  project.write({ 'own.yaml': yaml.replace('mode: maps, ', 'keep: full, ').replace(MAPPED, SCORE) });
  expect((await project.retort(['plan', 'own.yaml'])).code).toBe(0);
});

it.each([false, true])('plan: bytes of label maps of a network in a file (foreign: %s)', async (foreign) => {
  const maps = '  labels: { stage: relabel, mode: maps, images: images, teacher: teacher, batchSize: 12 }\n';
  const yaml = `${HEAD}  teacher: { stage: import, file: mapped.onnx }\n${IMAGES}${maps}${MAPPED}`;
  const file = network(10, 'batch', foreign, 'globalAverage');
  const project = new Project().write({ 'own.yaml': yaml, 'mapped.onnx': file });
  // Five classes of 16 x 16 places of twenty images, a number and a score of two bytes each.
  const known = 'relabel (100 KiB)';
  expect((await project.retort(['plan', 'own.yaml'])).stdout).toContain(known);
  const { stdout } = await project.retort(['run', 'own.yaml', '--only', 'labels', '--reporter', 'ndjson']);
  const made = readFileSync(`${labelsOf(stdout)}/maps-00000.safetensors`);
  expect(made.length).toBeGreaterThan(102_400);
  expect(made.length).toBeLessThan(104_000);
});

it('a network that is trained here and has no average at its end is told before it is trained', async () => {
  const maps = '  labels: { stage: relabel, mode: maps, images: images, teacher: teacher, batchSize: 12 }\n';
  const project = new Project().write({ 'own.yaml': HEAD + TEACHER + IMAGES + maps + MAPPED });
  const { code, stderr } = await project.retort(['plan', 'own.yaml']);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/of `teacher`, its last linear layer reads.*globalAverage/),
  ]);
});

it('label maps in shards: one that died is made again alone, and a student learns from all', async () => {
  const maps =
    '  labels: { stage: relabel, mode: maps, images: images, teacher: teacher, batchSize: 12, imagesPerShard: 8 }\n';
  const global = HEAD.replace('norm: batch', 'norm: batch, head: globalAverage');
  const project = new Project().write({ 'own.yaml': global + TEACHER + IMAGES + maps + MAPPED });
  expect((await project.retort(['run', 'own.yaml', '--only', 'teacher'])).code).toBe(0);
  expect((await project.retort(['run', 'own.yaml', '--only', 'images'])).code).toBe(0);
  // In the only step of the second shard.
  const flags = ['--concurrency', '1', '--reporter', 'ndjson'];
  const { code, stdout } = await project.retort(['run', 'own.yaml', ...flags], { RETORT_FAULT: 'step-done:2' });
  expect(code).toBe(0);
  expect(started(stdout)).toEqual([shard(1), shard(2), shard(2), shard(3), 'labels[set=1]', expect.any(String)]);
});

it('a shard of labels whose process died is made again alone', async () => {
  const project = new Project().write({ 'own.yaml': YAML });
  expect((await project.retort(['run', 'own.yaml', '--only', 'teacher'])).code).toBe(0);
  expect((await project.retort(['run', 'own.yaml', '--only', 'images'])).code).toBe(0);
  // In the second step of the second shard.
  const flags = ['--concurrency', '1', '--reporter', 'ndjson'];
  const { code, stdout } = await project.retort(['run', 'own.yaml', ...flags], { RETORT_FAULT: 'step-done:4' });
  expect(code).toBe(0);
  expect(started(stdout)).toEqual([shard(1), shard(2), shard(2), shard(3), 'labels[set=1]', expect.any(String)]);
  const whole = new Project().write({ 'own.yaml': YAML.replace(', epochsPerShard: 2', '') });
  const other = await whole.retort(['run', 'own.yaml', '--reporter', 'ndjson']);
  expect(filesOf(other.stdout)).toEqual(filesOf(stdout));
});

it('a file of labels that was cut short, or is gone, is made again, and only its shard', async () => {
  const project = new Project().write({ 'own.yaml': YAML });
  const { stdout } = await project.retort(['run', 'own.yaml', '--reporter', 'ndjson']);
  const digest = sha256(readFileSync(`${labelsOf(stdout)}/views-00003.safetensors`));
  const object = project.path(`runs/objects/${digest.slice(0, 2)}/${digest}`);
  const damages = [() => rmSync(object), () => writeFileSync(object, readFileSync(object).subarray(0, -100))];
  for (const [index, damage] of damages.entries()) {
    const kept = readFileSync(object);
    rmSync(object);
    writeFileSync(object, kept);
    damage();
    const longer = ['run', 'own.yaml', `stages.score.epochs=${3 + index}`, '--reporter', 'ndjson'];
    const again = await project.retort(longer);
    expect([again.code, started(again.stdout)]).toEqual([0, [shard(2), expect.stringContaining('score')]]);
    expect(readFileSync(object)).toEqual(kept);
  }
});

it('labels of other images, of another teacher, and labels cut short are refused by what they say of themselves', async () => {
  const project = new Project().write({ 'own.yaml': YAML });
  const { stdout } = await project.retort(['run', 'own.yaml', '--reporter', 'ndjson']);
  const files = Array.from({ length: 5 }, (_, epoch) => `views-0000${epoch}.safetensors`);
  const copies = Object.fromEntries(files.map((name) => [name, readFileSync(`${labelsOf(stdout)}/${name}`)]));
  const copied = `  labels: { stage: command, run: [cp, ${files.join(', ')}, "{out}/softLabels"], files: [${files.join(', ')}], outputs: [softLabels] }\n`;
  project.write({ ...copies, 'copied.yaml': HEAD + TEACHER + IMAGES + copied + SCORE });
  expect((await project.retort(['run', 'copied.yaml'])).code).toBe(0);
  const refused = async (change: string) => {
    const { code, stderr } = await project.retort(['run', 'copied.yaml', change, '--reporter', 'plain']);
    expect(code).not.toBe(0);
    return stderr;
  };
  const images = await refused('stages.images.method=noise');
  expect(images).toMatch(/These soft labels are of other images/);
  expect(images).toMatch(/help: Give `relabel` and `evaluate` the same `images`/);
  const teacher = await refused('stages.teacher.epochs=2');
  expect(teacher).toMatch(/These soft labels are of another teacher/);
  expect(teacher).toMatch(/help: Name the teacher that made them/);
  truncateSync(project.path('views-00004.safetensors'), 300);
  const cut = await refused('stages.score.epochs=3');
  expect(cut).toMatch(/views-00004\.safetensors are damaged or were cut short/);
  project.write({ 'views-00004.safetensors': copies['views-00004.safetensors'] as Uint8Array });
  expect((await project.retort(['run', 'copied.yaml', 'stages.score.epochs=3'])).code).toBe(0);
});

/** The published folder of the joined labels. */
function labelsOf(stdout: string): string {
  const done = events(stdout).find(({ type, node }) => type === 'node-done' && node === 'labels[set=1]') as unknown as {
    readonly artifacts: { readonly labels: string };
  };
  return done.artifacts.labels;
}

function filesOf(stdout: string): string[] {
  return Array.from({ length: 5 }, (_, epoch) =>
    sha256(readFileSync(`${labelsOf(stdout)}/views-0000${epoch}.safetensors`)),
  );
}
