/** The experiments of each published table read as the paper's own setting, or are said to differ in just what they do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../../base/package-root.ts';
import { unwrap } from '../../../base/result.ts';
import { dataSetNames, unseenDataSet } from '../../../data/registry.ts';
import { stageKinds } from '../../../stages/registry.ts';
import { formatDiagnostics } from '../../config/diagnostics.ts';
import { resolveExperiments } from '../../config/resolve.ts';
import { buildPlan } from '../../plan/build.ts';
import { type ResultTable, resultTable } from '../table.ts';
import { besidePublished } from './beside.ts';
import { parsePublished } from './schema.ts';
import { publishedNotes } from './wording.ts';

const FOLDER = join(packageRoot(), 'experiments');
const published = unwrap(parsePublished(readFileSync(join(FOLDER, 'published.json'), 'utf8'), 'published.json'));

/** Of each row that evaluates a set: its axes, the paper's figure in percent, and every difference. Needs no data. */
function rowsOf(name: string, wanted = 'score', overrides: readonly string[] = []): string[] {
  return tableOf(name, overrides)
    .rows.filter(({ stage }) => stage === wanted)
    .map(({ axes, published: theirs }) => {
      const figure = theirs ? `${(100 * theirs.value).toFixed(1)} ± ${(100 * (theirs.std ?? 0)).toFixed(1)}` : 'none';
      return [`${[...Object.values(axes), ''].join(' ')}${figure}`, ...(theirs?.differences ?? [])].join('; ');
    });
}

function tableOf(name: string, overrides: readonly string[]): ResultTable {
  const resolved = resolveExperiments([{ path: join(FOLDER, name) }], overrides, {
    stageKinds,
    dataSets: dataSetNames,
  });
  if (!resolved.ok) throw new Error(formatDiagnostics(resolved.error));
  const experiment = resolved.value[0]!;
  const unseen = unseenDataSet(experiment.data.set)!;
  const plan = buildPlan(experiment, {
    stageKinds,
    data: unseen.summary,
    dataDigest: '',
    dataDescription: unseen.description,
    numerics: { backend: 'reference' },
  });
  return besidePublished(
    resultTable(plan, () => undefined),
    plan,
    published,
  );
}

const small = (name: string) => name === 'small.yaml' || !name.endsWith('.yaml');

it.each(['dd', 'dc', 'dsa', 'dm', 'mtt', 'tesla'])('%s: every cell is in the setting of the paper', (method) => {
  const files = readdirSync(join(FOLDER, method)).filter((name) => !small(name));
  const rows = files.flatMap((name) => rowsOf(`${method}/${name}`).map((row) => `${name} ${row}`));
  expect(rows.filter((row) => row.includes('; ') || row.endsWith('none'))).toEqual(
    method === 'tesla'
      ? [
          'cifar10.yaml 1 ipc1 exact plain 48.5 ± 0.8; match: learningRate 500 instead of 1,000; match: gradient exact instead of published',
        ]
      : [],
  );
  const of = published.tables.find((table) => table.method === method)!.cells;
  // What has no setting of its own has no experiment either.
  const told = of.filter(({ beyond, unknownSetting }) => !beyond && !unknownSetting);
  const subsets = told.filter(({ data }) => /^image(woof|fruit|yellow|meow|squawk)$/.test(data)).length;
  expect(rows.length).toBe(told.length - subsets + (method === 'tesla' ? 1 : 0));
});

it('sre2l, cda, g-vbsm: rows differ in just what cannot be had here', () => {
  const names = [
    'sre2l/cifar10',
    'sre2l/cifar100',
    'sre2l/imagenet',
    'sre2l/tiny-imagenet',
    'cda/imagenet',
    'cda/tiny-imagenet',
    'g-vbsm/cifar10',
    'g-vbsm/cifar100',
    'g-vbsm/imagenet',
  ];
  const rows = [...names, 'g-vbsm/tiny-imagenet'].map((name) => [name, rowsOf(`${name}.yaml`)]);
  expect(Object.fromEntries(rows)).toMatchInlineSnapshot(`
    {
      "cda/imagenet": [
        "50 53.5 ± 0.0; without images stored as JPEG, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; no \`import\`; \`squeeze\`, which the paper has not",
        "100 58.0 ± 0.0; without images stored as JPEG, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; no \`import\`; \`squeeze\`, which the paper has not",
        "200 63.3 ± 0.0; without images stored as JPEG, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; no \`import\`; \`squeeze\`, which the paper has not",
      ],
      "cda/tiny-imagenet": [
        "50 48.7 ± 0.0; without images stored as JPEG, for which there is no parameter; without five epochs of warm-up of the teacher, for which there is no parameter; without training images of the teacher cropped to any size and mirrored at once, for which there is no parameter",
        "100 53.2 ± 0.0; without images stored as JPEG, for which there is no parameter; without five epochs of warm-up of the teacher, for which there is no parameter; without training images of the teacher cropped to any size and mirrored at once, for which there is no parameter",
      ],
      "g-vbsm/cifar10": [
        "10 53.5 ± 0.6; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
        "50 59.2 ± 0.4; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
      ],
      "g-vbsm/cifar100": [
        "1 16.4 ± 0.7; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
        "10 38.7 ± 0.2; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
        "50 45.7 ± 0.4; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
      ],
      "g-vbsm/imagenet": [
        "10 31.4 ± 0.5; without images stored with eight bits, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; without batches in halves, each with statistics of its own, on two GPUs, for which there is no parameter; recover: batches within shards of 40 classes instead of among all; no \`import\`; \`squeeze\`, which the paper has not",
        "50 51.8 ± 0.4; without images stored with eight bits, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; without batches in halves, each with statistics of its own, on two GPUs, for which there is no parameter; recover: batches within shards of 40 classes instead of among all; no \`import\`; \`squeeze\`, which the paper has not",
        "100 55.7 ± 0.4; without images stored with eight bits, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; without batches in halves, each with statistics of its own, on two GPUs, for which there is no parameter; recover: batches within shards of 40 classes instead of among all; no \`import\`; \`squeeze\`, which the paper has not",
      ],
      "g-vbsm/tiny-imagenet": [
        "50 47.6 ± 0.3; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter; without batches of students in halves, each with statistics of its own, for which there is no parameter",
        "100 51.0 ± 0.4; without images stored with eight bits, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter; without batches of students in halves, each with statistics of its own, for which there is no parameter",
      ],
      "sre2l/cifar10": [
        "10 27.2 ± 0.5; without images stored as JPEG, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
        "50 47.5 ± 0.6; without images stored as JPEG, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
      ],
      "sre2l/cifar100": [
        "1 2.0 ± 0.2; without images stored as JPEG, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
        "10 31.6 ± 0.5; without images stored as JPEG, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
        "50 49.5 ± 0.3; without images stored as JPEG, for which there is no parameter; without training images of the teachers moved and mirrored at once, for which there is no parameter",
      ],
      "sre2l/imagenet": [
        "46.8 ± 0.2; without images stored as JPEG, for which there is no parameter; without weight decay of matrices alone, for which there is no parameter; without test images cut out of 256 pixels, for which there is no parameter; recover: batches within shards of 10 classes instead of among all; no \`import\`; \`squeeze\`, which the paper has not",
      ],
      "sre2l/tiny-imagenet": [
        "50 41.1 ± 0.4; without images stored as JPEG, for which there is no parameter; without five epochs of warm-up of the teacher, for which there is no parameter; without training images of the teacher cropped to any size and mirrored at once, for which there is no parameter",
        "100 49.7 ± 0.3; without images stored as JPEG, for which there is no parameter; without five epochs of warm-up of the teacher, for which there is no parameter; without training images of the teacher cropped to any size and mirrored at once, for which there is no parameter",
      ],
    }
  `);
});

it('the upper bound stands beside networks trained on all images; its setting is known of none', () => {
  const [row] = rowsOf('full-data.yaml', 'full', ['data.set=cifar10', 'network.width=128', 'stages.full.epochs=200']);
  expect(row).toBe('84.8 ± 0.1; not all of the published setting is known');
});

it('the note under a table says of how many sets and networks the figure is', () => {
  expect(publishedNotes(tableOf('dc/cifar10.yaml', []))[0]).toMatch(
    /^imagesPerClass=1: published 28\.30 ± 0\.50 \(Zhao.*; n 5 x 20\), in this setting\.$/,
  );
});

it('a row of another network is held against the paper across architectures', () => {
  const rows = rowsOf('dc/mnist.yaml', 'score', ['stages.score.network=VGG11']);
  expect(rows[0]).toBe('1 83.4 ± 1.8');
});
