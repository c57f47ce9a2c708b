/** `extends`: what a file takes from others, and what is said when it cannot. Real files in a folder of their own. */
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { BASE, folderOf, HEAD, pageOf, resolveOf } from '../../test/rig/pages.ts';

/** The page for one file of a folder, with the folder's name taken out. */
function pageIn(files: Record<string, string | Uint8Array>, name: string): string {
  const folder = folderOf(files);
  return pageOf([{ path: join(folder, name) }]).replaceAll(`${folder}/`, '');
}

it('merges maps deeply, replaces lists, deletes by null, and remembers where each value was written', () => {
  const folder = folderOf({
    'shared/base.yaml': BASE.replace('name: sample', 'name: base\ntags: [a, b]\nnotes: of the base'),
    'child.yaml': `extends: shared/base.yaml
name: child
tags: [c]
notes: null
network: { width: 8 }
matrix:
  method:
    dm: { iterations: 7 }
    random: { imagesPerClass: 3 }
stages:
  start: { imagesPerClass: 3 }
`,
  });
  const experiment = resolveOf({ path: join(folder, 'child.yaml') });
  expect(experiment).toMatchObject({ name: 'child', tags: ['c'], axes: { method: ['random', 'dm'] } });
  expect(experiment.notes).toBeUndefined();
  const distil = experiment.cells[1]!.stages.find((stage) => stage.name === 'distil')!;
  expect(distil.params).toMatchObject({
    method: 'dm',
    iterations: 7,
    network: { kind: 'convnet', width: 8, depth: 3 },
  });
  const places = Object.entries(distil.origins).map(([path, origin]) =>
    origin.from === 'file'
      ? `${path} ${relative(folder, origin.file)}:${origin.line}:${origin.column}`
      : `${path} ${origin.from}`,
  );
  expect(places).toEqual([
    'method shared/base.yaml:10:33',
    'iterations child.yaml:8:23',
    'learningRate default',
    'batchReal default',
    'augment default',
    'network.kind shared/base.yaml:6:18',
    'network.width child.yaml:5:19',
    'network.depth default',
  ]);
});

it('lets later bases win over earlier ones, and the file over all', () => {
  const folder = folderOf({
    'a.yaml': `${HEAD}seed: 1\nnotes: a\nstages: { start: { stage: select, imagesPerClass: 1, method: herding } }\n`,
    'b.yaml': 'seed: 2\nnotes: b\nstages: { start: { imagesPerClass: 2 } }\n',
    'c.yaml': 'extends: [a.yaml, b.yaml]\nnotes: c\n',
  });
  const experiment = resolveOf({ path: join(folder, 'c.yaml') });
  expect(experiment).toMatchObject({ seed: 2, notes: 'c', name: 'sample' });
  expect(experiment.cells[0]!.stages[0]!.params).toEqual({ method: 'herding', imagesPerClass: 2 });
});

it('points into the base where the error is', () => {
  expect(
    pageIn(
      {
        'base/base.yaml': BASE.replace('epochs: 5', 'epoch: 5'),
        'x.yaml': 'extends: base/base.yaml\nnetwork: { depth: 9 }\n',
      },
      'x.yaml',
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:2:19 Expected \`network.depth\` to be at most 6, but found 9.
        network: { depth: 9 }
                          ~

    base/base.yaml:13:45 Unknown key \`epoch\` in the stage \`score\` (evaluate).
          score: { stage: evaluate, images: distil, epoch: 5 }
                                                    ~~~~~
        Did you mean \`epochs\`?

    2 errors in 2 files.
    "
  `);
});

it('names a missing base with what lies beside it', () => {
  expect(pageIn({ 'base.yaml': BASE, 'x.yaml': 'extends: bsae.yaml\n' }, 'x.yaml')).toMatchInlineSnapshot(`
    "
    x.yaml:1:10 There is no file \`bsae.yaml\`.
        extends: bsae.yaml
                 ~~~~~~~~~
        Did you mean \`base.yaml\`?

    1 error.
    "
  `);
  expect(pageIn({ 'x.yaml': 'extends: [5, nowhere/base.yaml]\n' }, 'x.yaml')).toMatchInlineSnapshot(`
    "
    x.yaml:1:11 Expected \`extends\` to be a file name or a list of them, but found 5.
        extends: [5, nowhere/base.yaml]
                  ~

    x.yaml:1:14 There is no file \`nowhere/base.yaml\`.
        extends: [5, nowhere/base.yaml]
                     ~~~~~~~~~~~~~~~~~

    2 errors.
    "
  `);
});

it('shows the chain of files that extend each other in a circle', () => {
  expect(
    pageIn(
      { 'x.yaml': 'extends: a/y.yaml\n', 'a/y.yaml': 'extends: ../z.yaml\n', 'z.yaml': 'extends: ./x.yaml\n' },
      'x.yaml',
    ),
  ).toMatchInlineSnapshot(`
    "
    z.yaml:1:10 Files extend each other in a circle: \`x.yaml\` extends \`a/y.yaml\` extends \`z.yaml\` extends \`x.yaml\`.
        extends: ./x.yaml
                 ~~~~~~~~

    1 error.
    "
  `);
  expect(pageIn({ 'x.yaml': 'extends: x.yaml\n' }, 'x.yaml')).toMatchInlineSnapshot(`
    "
    x.yaml:1:10 Files extend each other in a circle: \`x.yaml\` extends \`x.yaml\`.
        extends: x.yaml
                 ~~~~~~

    1 error.
    "
  `);
});

it('names files that cannot be read as text', () => {
  expect(pageIn({ 'folder/x': '' }, 'folder')).toMatchInlineSnapshot(`
    "
    folder Expected \`folder\` to be a file.

    1 error.
    "
  `);
  expect(pageIn({ 'x.yaml': Uint8Array.of(0xff, 0xfe, 0x41, 0) }, 'x.yaml')).toMatchInlineSnapshot(`
    "
    x.yaml The file \`x.yaml\` is not UTF-8 text.

    1 error.
    "
  `);
  expect(pageIn({ 'quickstart.yaml': BASE }, 'quikstart.yaml')).toMatchInlineSnapshot(`
    "
    quikstart.yaml There is no file \`quikstart.yaml\`.
        Did you mean \`quickstart.yaml\`?

    1 error.
    "
  `);
  expect(pageIn({ 'x.yaml': '' }, 'x.yaml')).toMatchInlineSnapshot(`
    "
    x.yaml The file is empty.
        \`retort init NAME\` writes an experiment that runs, to start from.

    1 error.
    "
  `);
});

it('answers for several files at once, in their order', () => {
  const folder = folderOf({
    'b.yaml': BASE.replace('epochs', 'epoch'),
    'a.yaml': BASE.replace('sets: 3', 'sets: 0'),
    'c.yaml': BASE,
  });
  const paths = ['b.yaml', 'a.yaml', 'c.yaml', 'd.yaml'].map((name) => ({ path: join(folder, name) }));
  expect(pageOf(paths).replaceAll(`${folder}/`, '')).toMatchInlineSnapshot(`
    "
    b.yaml:13:45 Unknown key \`epoch\` in the stage \`score\` (evaluate).
          score: { stage: evaluate, images: distil, epoch: 5 }
                                                    ~~~~~
        Did you mean \`epochs\`?

    a.yaml:9:21 Expected \`replicates.sets\` to be at least 1, but found 0.
        replicates: { sets: 0, evaluations: 2 }
                            ~

    d.yaml There is no file \`d.yaml\`.
        Did you mean \`a.yaml\`?

    3 errors in 3 files.
    "
  `);
});

it('reports an error of a shared base once', () => {
  const folder = folderOf({
    'base.yaml': BASE.replace('epochs', 'epoch'),
    'a.yaml': 'extends: base.yaml\n',
    'b.yaml': 'extends: base.yaml\n',
  });
  const paths = ['a.yaml', 'b.yaml'].map((name) => ({ path: join(folder, name) }));
  expect(pageOf(paths).replaceAll(`${folder}/`, '')).toMatchInlineSnapshot(`
    "
    base.yaml:13:45 Unknown key \`epoch\` in the stage \`score\` (evaluate).
          score: { stage: evaluate, images: distil, epoch: 5 }
                                                    ~~~~~
        Did you mean \`epochs\`?

    1 error.
    "
  `);
});
