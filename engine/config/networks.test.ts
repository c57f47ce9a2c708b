/** Networks by name, and several of them in one stage: what they resolve to, which nodes that makes, and what is refused. */
import { expect, it } from 'vitest';
import { dataSetNames } from '../../data/registry.ts';
import { stageKinds } from '../../stages/registry.ts';
import { buildPlan } from '../plan/build.ts';
import type { ResolvedExperiment } from '../plan/experiment.ts';
import type { Plan } from '../plan/plan.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

const HEAD = 'version: 1\nname: x\ndata: { set: fashion-mnist }\n';

function resolve(text: string, overrides: readonly string[] = []): ResolvedExperiment | string {
  const resolved = resolveExperiments([{ path: 'x.yaml', text }], overrides, { stageKinds, dataSets: dataSetNames });
  return resolved.ok ? resolved.value[0]! : `\n${formatDiagnostics(resolved.error)}\n`;
}

function experimentOf(text: string, overrides: readonly string[] = []): ResolvedExperiment {
  const experiment = resolve(text, overrides);
  if (typeof experiment === 'string') throw new Error(experiment);
  return experiment;
}

function planOf(text: string): Plan {
  const numerics = { backend: 'reference' };
  return buildPlan(experimentOf(text), { stageKinds, dataDigest: 'd', dataDescription: 'd', numerics });
}

const score = (network: string, top = '') =>
  `${HEAD}${top}stages:\n  start: { stage: select }\n  score: { stage: evaluate, images: start, ${network} }\n`;

const networkOf = (text: string, overrides?: readonly string[]) =>
  experimentOf(text, overrides).cells[0]!.stages.find(({ name }) => name === 'score')!.params.network;

it('a name is the map that it stands for, with the same key', () => {
  const named = planOf(score('network: ConvNetD4'));
  const written = planOf(score('network: { kind: convnet, depth: 4 }'));
  expect(named.nodes.map(({ key }) => key)).toEqual(written.nodes.map(({ key }) => key));
  expect(networkOf(score('network: VGG11BN'))).toEqual({ kind: 'vgg', depth: 11, norm: 'batch' });
  expect(networkOf(score('network: resnet18_ap'))).toEqual(networkOf(score('network: ResNet18_AP')));
  expect(planOf(score('network: ConvNetD3')).nodes.map(({ key }) => key)).toEqual(
    planOf(score('network: convnet')).nodes.map(({ key }) => key),
  );
});

it('a name of the stage replaces what is shared, a map adds to what a shared name stands for', () => {
  expect(networkOf(score('network: ConvNetD4', 'network: { kind: convnet, width: 64 }\n'))).toEqual({
    kind: 'convnet',
    depth: 4,
  });
  expect(networkOf(score('network: { width: 64 }', 'network: ConvNetD4\n'))).toEqual({
    kind: 'convnet',
    depth: 4,
    width: 64,
  });
  expect(networkOf(score('network: { kind: mlp }', 'network: ConvNetD4\n'))).toEqual({ kind: 'mlp' });
  expect(networkOf(score('epochs: 3', 'network: lenet\n'))).toEqual({ kind: 'lenet' });
  expect(networkOf(score('epochs: 3', 'network: lenet\n'), ['network=MLP'])).toEqual({ kind: 'mlp' });
  expect(networkOf(score('network: $net', 'matrix: { net: [ConvNetW32, MLP] }\n'))).toEqual({
    kind: 'convnet',
    width: 32,
  });
});

it('says where a name is written, also of what it stands for', () => {
  const { origins } = experimentOf(score('network: ConvNetD4')).cells[0]!.stages[1]!;
  expect(origins['network.depth']).toEqual({ from: 'file', file: 'x.yaml', line: 6, column: 53 });
});

it('refuses a wrong name with the nearest ones', () => {
  expect(resolve(score('network: ConvNetD9'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:53 There is no network \`ConvNetD9\`.
          score: { stage: evaluate, images: start, network: ConvNetD9 }
                                                            ~~~~~~~~~
        Did you mean \`ConvNetD1\` or \`ConvNetD2\` or \`ConvNetD3\`?

    1 error.

    "
  `);
  expect(resolve(score('epochs: 3', 'network: resnet\n'))).toMatchInlineSnapshot(`
    "
    x.yaml:4:10 There is no network \`resnet\`.
        network: resnet
                 ~~~~~~
        Did you mean \`ResNet18\` or \`ResNet18_AP\` or \`ResNet18ImageNet\`?

    1 error.

    "
  `);
  expect(resolve(score('network: [convnet, mlp]'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:53 Expected one network, but found a list.
          score: { stage: evaluate, images: start, network: [convnet, mlp] }
                                                            ~~~~~~~~~~~~~~
        \`networks: [A, B]\` in a stage takes one after the other.

    1 error.

    "
  `);
});

it('a list of networks is an axis, on which only its stage and what reads it depend', () => {
  const plan = planOf(`${HEAD}network: { width: 16 }
matrix: { method: { random: { stage: select }, dm: { stage: match, method: dm, start: start, iterations: 5 } } }
replicates: { sets: 2 }
stages:
  start: { stage: select }
  distil: { use: $method }
  full: { stage: pretrain, epochs: 1 }
  score: { stage: evaluate, images: distil, epochs: 1, networks: [ConvNet, mlp] }
`);
  expect(plan.axes).toEqual({ method: ['random', 'dm'], 'score.network': ['ConvNet', 'mlp'] });
  // The upper bound has no network of `score`: it stands in cells of its own, once.
  expect(plan.cells.map(({ axes }) => axes)).toEqual([
    { method: 'random' },
    { method: 'random', 'score.network': 'ConvNet' },
    { method: 'random', 'score.network': 'mlp' },
    { method: 'dm' },
    { method: 'dm', 'score.network': 'ConvNet' },
    { method: 'dm', 'score.network': 'mlp' },
  ]);
  const count = (stage: string) => plan.nodes.filter(({ manifest }) => manifest.stage === stage).length;
  expect([count('select'), count('match'), count('pretrain'), count('evaluate')]).toEqual([2, 2, 1, 8]);
  const scores = plan.nodes.filter(({ manifest }) => manifest.stage === 'evaluate');
  expect(scores[0]!.params.network).toEqual({ kind: 'convnet' });
  expect(scores[0]!.id).toContain('score.network=ConvNet');
});

it('networks can be maps with names, left out and added like other values', () => {
  const cellsOf = (matrix: string, networks: string) =>
    experimentOf(
      `${HEAD}matrix: ${matrix}\nstages:\n  start: { stage: select, imagesPerClass: $ipc }\n  score: { stage: evaluate, images: start, networks: ${networks} }\n`,
    ).cells.map(({ axes }) => Object.values(axes).join(' '));
  expect(cellsOf('{ ipc: [1] }', '{ small: { width: 8 }, LeNet: LeNet }')).toEqual(['1 small', '1 LeNet']);
  const exclude = '{ ipc: [1, 2], exclude: [{ ipc: 2, score.network: MLP }] }';
  expect(cellsOf(exclude, '[ConvNet, MLP]')).toEqual(['1 ConvNet', '1 MLP', '2 ConvNet']);
  const include = '{ ipc: [1], include: [{ ipc: 5 }, { ipc: 7, score.network: VGG11 }] }';
  expect(cellsOf(include, '[ConvNet, MLP]')).toEqual(['1 ConvNet', '1 MLP', '5 ConvNet', '5 MLP', '7 VGG11']);
});

it('two stages with lists are no product: each stands at its own', () => {
  const { cells } = experimentOf(`${HEAD}stages:
  start: { stage: select }
  one: { stage: evaluate, images: start, networks: [ConvNet, MLP] }
  two: { stage: evaluate, images: start, networks: [LeNet, VGG11] }
`);
  expect(cells.map(({ axes, stages }) => [...stages.map(({ name }) => name), ...Object.values(axes)])).toEqual([
    ['start', 'one', 'ConvNet'],
    ['start', 'two', 'LeNet'],
    ['start', 'two', 'VGG11'],
    ['start', 'one', 'MLP'],
  ]);
});

it('refuses lists that mean nothing', () => {
  expect(resolve(score('networks: [ConvNet, ResNet81]'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:64 There is no network \`ResNet81\`.
          score: { stage: evaluate, images: start, networks: [ConvNet, ResNet81] }
                                                                       ~~~~~~~~
        Did you mean \`ResNet18\` or \`ResNet34\` or \`ResNet50\`?
        x.yaml:6:44 used here as \`$score.network\`
              score: { stage: evaluate, images: start, networks: [ConvNet, ResNet81] }
                                                       ~~~~~~~~

    1 error.

    "
  `);
  expect(resolve(score('networks: ConvNet'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:54 Expected \`networks\` of the stage \`score\` to be a list of values or a map of named variants, but found the text "ConvNet".
          score: { stage: evaluate, images: start, networks: ConvNet }
                                                             ~~~~~~~
        Write [ConvNet].

    1 error.

    "
  `);
  expect(resolve(score('networks: []'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:54 \`networks\` of the stage \`score\` has no values.
          score: { stage: evaluate, images: start, networks: [] }
                                                             ~~

    1 error.

    "
  `);
  expect(resolve(score('networks: [ConvNet, { width: 8 }]'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:64 A map as a value of \`networks\` of the stage \`score\` needs a name.
          score: { stage: evaluate, images: start, networks: [ConvNet, { width: 8 }] }
                                                                       ~~~~~~~~~~~~
        Write a map of named variants: \`networks: { first: { … }, second: { … } }\`.

    1 error.

    "
  `);
  expect(resolve(score('networks: [ConvNet], network: MLP'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:65 The stage \`score\` has both \`network\` and \`networks\`.
          score: { stage: evaluate, images: start, networks: [ConvNet], network: MLP }
                                                                        ~~~~~~~
        Leave one of them out.
        x.yaml:6:44 the other is written here
              score: { stage: evaluate, images: start, networks: [ConvNet], network: MLP }
                                                       ~~~~~~~~

    1 error.

    "
  `);
  // A stage that takes no network.
  expect(resolve(`${HEAD}stages:\n  zca: { stage: zca, networks: [MLP] }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:22 Unknown key \`networks\` in the stage \`zca\` (zca).
          zca: { stage: zca, networks: [MLP] }
                             ~~~~~~~~
        Keys: \`epsilon\`, \`images\`, \`stage\`, \`use\`, \`resources\`, \`retries\`, \`timeLimit\`, \`snapshots\`, \`notes\`.

    1 error.

    "
  `);
  expect(resolve(score('use: $how', 'matrix: { how: { a: { networks: [MLP] }, b: {} } }\n'))).toMatchInlineSnapshot(`
    "
    x.yaml:4:23 \`networks\` stands in the stage itself, not in what it uses.
        matrix: { how: { a: { networks: [MLP] }, b: {} } }
                              ~~~~~~~~
        It is an axis of its own: write it beside \`use\`.
        x.yaml:7:49 used here as \`$how\`
              score: { stage: evaluate, images: start, use: $how }
                                                            ~~~~

    1 error.

    "
  `);
});
