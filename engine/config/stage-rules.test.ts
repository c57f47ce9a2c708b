/** Rules that look beyond one stage's parameters: at those of the stages that it reads, and at the data set. */
import { expect, it } from 'vitest';
import { bundledFolder, locateDataSet } from '../../data/registry.ts';
import { stageKinds } from '../../stages/registry.ts';
import type { StageKind } from '../../stages/stage.ts';
import { BASE } from '../../test/rig/pages.ts';
import { sampleKinds } from '../../test/rig/stage-kinds.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

const unopened = (): never => {
  throw new Error('Internal error: expected stages that are planned only');
};

/** Trajectories, and a stage that matches parts of them: the shape of MTT. */
const buffer: StageKind = {
  kind: 'buffer',
  version: 1,
  description: 'Trains networks and keeps how they went.',
  parameters: {
    type: 'object',
    properties: { epochs: { type: 'integer', minimum: 1, default: 50, description: 'Epochs of each trajectory.' } },
  },
  inputs: {},
  outputs: { trajectories: { type: 'trajectories', description: 'The trajectories.' } },
  replicates: [],
  usesData: true,
  threads: 1,
  open: unopened,
};

const follow: StageKind = {
  ...buffer,
  kind: 'follow',
  parameters: {
    type: 'object',
    properties: { expertEpochs: { type: 'integer', minimum: 1, default: 3, description: 'Epochs of an expert.' } },
  },
  inputs: { experts: { type: 'trajectories', required: true, description: 'What is followed.' } },
  outputs: { images: { type: 'synthetic-set', description: 'The set.' } },
  inputRules: ({ expertEpochs }, { experts }) =>
    experts && (expertEpochs as number) > (experts.params.epochs as number)
      ? [
          {
            path: ['expertEpochs'],
            message: `\`expertEpochs\` is longer than the trajectories of \`${experts.name}\`: ${expertEpochs} > ${experts.params.epochs}.`,
            against: { role: 'experts', path: ['epochs'] },
          },
        ]
      : [],
};

function page(text: string, kinds: readonly StageKind[] = [...sampleKinds, buffer, follow]): string {
  const summary = locateDataSet('fashion-mnist', bundledFolder('fashion-mnist'));
  const resolved = resolveExperiments([{ path: 'x.yaml', text }], [], {
    stageKinds: kinds,
    dataSummary: (set) => (set === 'fashion-mnist' && summary.ok ? summary.value.summary : undefined),
  });
  return resolved.ok ? 'right' : `\n${formatDiagnostics(resolved.error)}`;
}

it('are told at the parameter, with the place of what it does not go with', () => {
  const text = (experts: string, follow: string) => `version: 1
name: trajectories
data: { set: mnist }
matrix: { length: [2, 60] }
stages:
  experts: { stage: buffer${experts} }
  distil: { stage: follow, experts: experts${follow} }
`;
  expect(page(text('', ', expertEpochs: $length'))).toMatchInlineSnapshot(`
    "
    x.yaml:4:23 \`expertEpochs\` is longer than the trajectories of \`experts\`: 60 > 50.
        matrix: { length: [2, 60] }
                              ~~
        x.yaml:6:3 \`experts\` has the default of \`epochs\`
              experts: { stage: buffer }
              ~~~~~~~
        x.yaml:7:60 used here as \`$length\`
              distil: { stage: follow, experts: experts, expertEpochs: $length }
                                                                       ~~~~~~~

    1 error.
    "
  `);
  expect(page(text(', epochs: $length', ''))).toMatchInlineSnapshot(`
    "
    x.yaml:7:3 \`expertEpochs\` is longer than the trajectories of \`experts\`: 3 > 2.
          distil: { stage: follow, experts: experts }
          ~~~~~~
        x.yaml:4:20 \`epochs\` of \`experts\`
            matrix: { length: [2, 60] }
                               ~

    1 error.
    "
  `);
  expect(page(text(', epochs: 70', ', expertEpochs: $length'))).toBe('right');
});

const REAL = BASE.replace('fashion-mnist }', 'fashion-mnist }\nseed: 1').replace(
  /kind: convnet, width: 16/,
  'kind: convnet',
);

it('know the data: absurd sizes are refused before anything starts', () => {
  expect(page(REAL, stageKinds)).toBe('right');
  const absurd = REAL.replaceAll('imagesPerClass: 2', 'imagesPerClass: 100000')
    .replace('iterations: 20', 'iterations: 1e18, batchReal: 9000')
    .replace('epochs: 5', 'epochs: 1e18');
  expect(page(absurd, stageKinds)).toMatchInlineSnapshot(`
    "
    x.yaml:8:46 100000 images of each class are wanted, but T-shirt/top of Fashion-MNIST has 800: write 800 at most.
            random: { stage: select, imagesPerClass: 100000 }
                                                     ~~~~~~
        x.yaml:13:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    x.yaml:9:63 Expected \`iterations\` to be at most 100000000, but found 1000000000000000000.
            dm: { stage: match, method: dm, start: start, iterations: 1e18, batchReal: 9000 }
                                                                      ~~~~
        x.yaml:13:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    x.yaml:12:43 100000 images of each class are wanted, but T-shirt/top of Fashion-MNIST has 800: write 800 at most.
          start: { stage: select, imagesPerClass: 100000 }
                                                  ~~~~~~

    x.yaml:14:53 Expected \`epochs\` to be at most 1000000, but found 1000000000000000000.
          score: { stage: evaluate, images: distil, epochs: 1e18 }
                                                            ~~~~

    4 errors.
    "
  `);
  expect(page(REAL.replace('kind: convnet', 'kind: convnet, depth: 6, width: 1e9'), stageKinds)).toMatchInlineSnapshot(`
    "
    x.yaml:5:44 Expected \`network.width\` to be at most 65536, but found 1000000000.
        network: { kind: convnet, depth: 6, width: 1e9 }
                                                   ~~~

    1 error.
    "
  `);
  expect(page(REAL.replace('kind: convnet', 'kind: convnet, depth: 6'), stageKinds)).toMatchInlineSnapshot(`
    "
    x.yaml:5:10 A ConvNet of depth 6 halves its images 6 times: 32 px are too few.
        network: { kind: convnet, depth: 6 }
                 ~~~~~~~~~~~~~~~~~~~~~~~~~~~

    1 error.
    "
  `);
  const batchNorm = REAL.replace('kind: convnet', 'kind: convnet, norm: batch').replace(
    'iterations: 20',
    'iterations: 20, batchReal: 900',
  );
  expect(page(batchNorm, stageKinds)).toMatchInlineSnapshot(`
    "
    x.yaml:9:78 With batch norm, matching needs \`batchReal\` (900) images of each class; T-shirt/top of Fashion-MNIST has 800.
            dm: { stage: match, method: dm, start: start, iterations: 20, batchReal: 900 }
                                                                                     ~~~
        x.yaml:13:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
});
