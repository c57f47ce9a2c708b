/** What cannot be matched, through the real binary: told by the plan where it can be, else at the step, and nothing is lost. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { encodeIdx } from '../../data/idx-write.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { encodeTrajectory } from '../../stages/trajectories.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { events, Project } from '../rig/retort.ts';

const HEAD = `version: 1
name: matching
data: { set: fashion-mnist }
network: { kind: convnet, width: 4, depth: 2 }
resources: { threads: 1 }
stages:
`;
const START = '  start: { stage: select, imagesPerClass: 1 }\n';
const EXPERTS = '  experts: { stage: buffer, experts: 1, epochs: 2, images: 60 }\n';
const mtt = (more: string) =>
  `  distil: { stage: match, method: mtt, start: start, trajectories: experts, studentSteps: 2, expertEpochs: 1, maxStartEpoch: 1, ${more} }\n`;

interface Told {
  readonly type: string;
  readonly node?: string;
  readonly step?: number;
  readonly message?: string;
  readonly failure?: { readonly code: string; readonly message: string; readonly help: string };
}

/** The pages of `plan` and of `run`, which say the same; nothing is started. */
async function refused(yaml: string, data: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
  const project = new Project().write({ 'own.yaml': yaml, ...data });
  const where = Object.keys(data).length > 0 ? ['--data', 'data'] : [];
  const pages = await Promise.all(['plan', 'run'].map((command) => project.retort([command, 'own.yaml', ...where])));
  expect(pages.map(({ code }) => code)).toEqual([2, 2]);
  expect(pages[1]!.stdout).toBe('');
  return pages[1]!.stderr;
}

it('a buffer of another network or too short is told by the plan, with both places', async () => {
  const other = await refused(
    HEAD + START + EXPERTS.replace('images: 60', 'images: 60, network: { width: 5 }') + mtt('iterations: 1'),
  );
  expect(other).toMatch(
    /own\.yaml:\d+:\d+ Students are of another network than the experts of `experts`: .*"width":4.* instead of .*"width":5/,
  );
  const short = await refused(
    HEAD + START + EXPERTS + mtt('iterations: 1').replace('expertEpochs: 1', 'expertEpochs: 3'),
  );
  expect(short).toMatch(/epoch 3, but the experts of `experts` end at 2/);
  const spaces = `${HEAD}  white: { stage: zca }\n${START}${EXPERTS.replace('images: 60', 'images: 60, whitening: white')}${mtt('iterations: 1')}`;
  expect(await refused(spaces)).toMatch(/`experts` is made with `whitening: white`, but this stage has none/);
});

it('a class without images and more images than a class has are told by the plan', async () => {
  const few = HEAD.replace('fashion-mnist }', 'fashion-mnist, trainPerClass: 3 }').replace(/network.*\n/, '');
  const many = await refused(`${few}${START.replace('imagesPerClass: 1', 'imagesPerClass: 4')}`);
  expect(many).toMatch(
    /own\.yaml:\d+:\d+ 4 images of each class are wanted, but T-shirt\/top of Fashion-MNIST has 3: write 3 at most\./,
  );
  const images = new Uint8Array(20 * 28 * 28).fill(7);
  const labels = Uint8Array.from({ length: 20 }, (_, at) => (at % 10 === 3 ? 4 : at % 10));
  const folder = Object.fromEntries(
    ['train', 't10k'].flatMap((split) => [
      [`data/${split}-images-idx3-ubyte`, encodeIdx({ shape: [20, 28, 28], values: images })],
      [`data/${split}-labels-idx1-ubyte`, encodeIdx({ shape: [20], values: labels })],
    ]),
  );
  expect(await refused(HEAD + START, folder)).toMatch(
    /Fashion-MNIST has none: leave the class out \(`data\.classes`\)\./,
  );
  const noise = START.replace('imagesPerClass: 1', 'method: noise, imagesPerClass: 1');
  for (const method of ['dm', 'dc', 'dsa']) {
    const page = await refused(`${HEAD}${noise}  distil: { stage: match, method: ${method}, start: start }\n`, folder);
    expect(page).toMatch(
      /Real images of each class are matched, but Fashion-MNIST has none of Dress: leave the class out/,
    );
  }
});

/** An expert as another program may hand it over, of some data set. */
function expertOf(set: string, width = 28): Uint8Array {
  const network = unwrap(
    buildNetwork({ kind: 'convnet', width: 4, depth: 2 }, { channels: 1, height: width, width, classes: 10 }),
  );
  const snapshots = [0, 1, 2].map((epoch) => initialise(network, randomStream({ base: 1 }, 'expert'), epoch));
  return encodeTrajectory(snapshots, { network, set, whitening: undefined });
}

it.each([
  ['another set', 'mnist', 28, /These trajectories are of mnist, not of fashion-mnist\./],
  ['other classes', 'fashion-mnist?classes=0,1', 28, /are of fashion-mnist\?classes=0,1, not of fashion-mnist\./],
  [
    'other constants',
    'fashion-mnist?normalisation=x',
    28,
    /are of fashion-mnist\?normalisation=x, not of fashion-mnist/,
  ],
  ['another image size', 'fashion-mnist', 32, /of another network: .*"height":32.* instead of .*"height":28/],
])('a buffer made elsewhere, of %s, is refused before the first step', async (_, set, width, message) => {
  const copy =
    '  experts: { stage: command, run: [node, copy.cjs, "{params}"], files: [copy.cjs, given], outputs: [trajectories] }\n';
  const project = new Project().write({
    'own.yaml': HEAD + START + copy + mtt('iterations: 2'),
    'copy.cjs': `const fs = require('fs'); const told = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
fs.copyFileSync('given', told.out + '/trajectories/expert-000.safetensors');`,
    given: expertOf(set, width),
  });
  const { code, stdout } = await project.retort(['run', 'own.yaml', '--reporter', 'ndjson']);
  expect(code).toBe(1);
  const told = events(stdout).filter(({ node }) => node === 'distil[set=1]');
  const failed = told.find(({ type }) => type === 'node-failed') as unknown as {
    failure: { code: string; message: string; help: string };
  };
  expect(failed.failure).toMatchObject({
    code: 'TRAJECTORIES_FOREIGN',
    message: expect.stringMatching(message),
    help: expect.stringMatching(/same/),
  });
  expect(told.filter(({ type }) => type === 'node-checkpoint')).toEqual([]);
});

/** What became of the matching, by its events. */
async function matched(project: Project, more: string) {
  project.write({ 'own.yaml': HEAD + START + EXPERTS + mtt(`learningRate: 1.0e-6, stepSizeLearningRate: 1, ${more}`) });
  const { code, stdout } = await project.retort(['run', 'own.yaml', '--reporter', 'ndjson']);
  expect(code).toBe(1);
  const told = events(stdout) as unknown as Told[];
  const of = (type: string) => told.filter((event) => event.type === type && event.node?.startsWith('distil'));
  return { of, failure: of('node-failed')[0]!.failure! };
}

it('a step size below zero: a warning at its step, a failure where a set would be made of it', async () => {
  const project = new Project();
  const ended = await matched(project, 'iterations: 1');
  expect(ended.of('warning').map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^The learned step size went to -\d.* in step 1\. .*after 100 steps below zero.*Lower .*`stepSizeLearningRate`/,
    ),
  ]);
  expect(ended.failure).toMatchObject({
    code: 'STEP_SIZE_NEGATIVE',
    message: expect.stringMatching(/^The learned step size ended at -\d/),
    help: expect.stringMatching(/`stepSizeLearningRate`/),
  });

  // From there the loss leaves all numbers; the set of step 2 and the state before the step that failed stay.
  const lost = await matched(project, 'iterations: 4, snapshots: { every: 2 }');
  expect(lost.of('warning')).toHaveLength(1);
  expect(lost.failure).toMatchObject({
    code: 'STEP_NOT_FINITE',
    message: 'Step 3 of match (mtt) gave a loss that is not finite.',
    help: expect.stringMatching(/^The learned step size was \d/),
  });
  expect(lost.of('node-done').map(({ node }) => node)).toEqual(['distil[set=1,at=2]']);
  expect(lost.of('node-checkpoint').map(({ step }) => step)).toEqual([2]);
});
