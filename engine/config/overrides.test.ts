/**
 * `key=value` of the command line: what each sign does, and errors that point into what was typed. Long because every page
 * stands whole.
 */
import { expect, it } from 'vitest';
import { BASE, HEAD, page, resolve } from '../../test/rig/pages.ts';
import { looksLikeOverride } from './overrides.ts';

function distil(...overrides: string[]): Record<string, unknown> {
  const { cells } = resolve(BASE, ...overrides);
  return { ...cells.at(-1)!.stages.find((stage) => stage.name === 'distil')!.params };
}

it('sets what is written and what a schema knows', () => {
  const experiment = resolve(
    BASE,
    'seed=7',
    'replicates.sets=1',
    'stages.score.epochs=9',
    'stages.score.network.depth=2',
  );
  expect(experiment).toMatchObject({ seed: 7, replicates: { sets: 1, evaluations: 2 } });
  expect(experiment.cells[0]!.stages.find((stage) => stage.name === 'score')!.params).toEqual({
    epochs: 9,
    network: { kind: 'convnet', width: 16, depth: 2 },
  });
  expect(experiment.overrides).toEqual([
    'seed=7',
    'replicates.sets=1',
    'stages.score.epochs=9',
    'stages.score.network.depth=2',
  ]);
  expect(experiment.source).toMatchObject({ seed: 7, stages: { score: { epochs: 9 } } });
});

it('reads values as YAML', () => {
  expect(resolve(BASE, 'tags=[a, b]', 'network={ kind: mlp }').tags).toEqual(['a', 'b']);
  expect(resolve(BASE, 'notes="a = b: c"').notes).toBe('a = b: c');
  expect(distil('matrix.method.dm.learningRate=1e-3')).toMatchObject({ learningRate: 0.001 });
  expect(resolve(BASE, 'matrix.method={ dm: { stage: match, method: dm, start: start } }', '~compare').axes).toEqual({
    method: ['dm'],
  });
});

it('reaches into the variants of an axis and into a stage that uses one', () => {
  expect(distil('matrix.method.dm.iterations=3')).toMatchObject({ iterations: 3 });
  expect(distil('~matrix.method.random', '~compare', 'stages.distil.iterations=4')).toMatchObject({ iterations: 4 });
});

it('adds by `+`, does either by `++`, deletes by `~` and by null', () => {
  expect(resolve(BASE, '+seed=3').seed).toBe(3);
  expect(resolve(BASE, '++seed=3', '++seed=4').seed).toBe(4);
  expect(resolve(BASE, '+x-mine.deep=1').source).toMatchObject({ 'x-mine': { deep: 1 } });
  expect(resolve(BASE, '~network').source).not.toHaveProperty('network');
  expect(resolve(BASE, 'network=null').source).not.toHaveProperty('network');
  expect(distil('~matrix.method.dm.iterations')).toMatchObject({ iterations: 1000 });
});

it('remembers which override a value came from', () => {
  const { cells } = resolve(BASE, 'stages.score.epochs=9');
  expect(cells[0]!.stages.find((stage) => stage.name === 'score')!.origins.epochs).toEqual({
    from: 'override',
    text: 'stages.score.epochs=9',
  });
});

it('names the nearest key for one that does not exist', () => {
  expect(page(BASE, 'sed=1')).toMatchInlineSnapshot(`
    "
    command line:1:1 There is no key \`sed\` in the experiment.
        sed=1
        ~~~
        Did you mean \`seed\`?

    1 error.
    "
  `);
  expect(page(BASE, 'stages.score.epoch=1')).toMatchInlineSnapshot(`
    "
    command line:1:14 There is no key \`epoch\` in \`stages.score\`.
        stages.score.epoch=1
                     ~~~~~
        Did you mean \`epochs\`?

    1 error.
    "
  `);
  expect(page(BASE, 'stages.scor.epochs=1')).toMatchInlineSnapshot(`
    "
    command line:1:8 There is no key \`scor\` in \`stages\`.
        stages.scor.epochs=1
               ~~~~
        Did you mean \`score\`?

    1 error.
    "
  `);
  expect(page(BASE, 'epochs=1')).toMatchInlineSnapshot(`
    "
    command line:1:1 There is no key \`epochs\` in the experiment.
        epochs=1
        ~~~~~~
        Did you mean \`stages.score.epochs\`?

    1 error.
    "
  `);
  expect(page(BASE, 'iterations=1')).toMatchInlineSnapshot(`
    "
    command line:1:1 There is no key \`iterations\` in the experiment.
        iterations=1
        ~~~~~~~~~~
        Did you mean \`matrix.method.dm.iterations\`?

    1 error.
    "
  `);
  expect(page(BASE, 'matrix.method.dm.iteration=1')).toMatchInlineSnapshot(`
    "
    command line:1:18 There is no key \`iteration\` in \`matrix.method.dm\`.
        matrix.method.dm.iteration=1
                         ~~~~~~~~~
        Did you mean \`iterations\`?

    1 error.
    "
  `);
  expect(page(BASE, 'matrix.metod.dm.iterations=1')).toMatchInlineSnapshot(`
    "
    command line:1:8 There is no key \`metod\` in \`matrix\`.
        matrix.metod.dm.iterations=1
               ~~~~~
        Did you mean \`method\`?

    1 error.
    "
  `);
});

it('points into the override where its value is wrong', () => {
  expect(page(BASE, 'stages.score.epochs=0')).toMatchInlineSnapshot(`
    "
    command line:1:21 Expected \`epochs\` to be at least 1, but found 0.
        stages.score.epochs=0
                            ~

    1 error.
    "
  `);
  expect(page(BASE, 'stages.score.network={ width: 8, depht: 2 }')).toMatchInlineSnapshot(`
    "
    command line:1:34 Unknown key \`depht\` in \`network\`.
        stages.score.network={ width: 8, depht: 2 }
                                         ~~~~~
        Did you mean \`depth\`?

    1 error.
    "
  `);
  expect(page(BASE, 'seed=9007199254740993')).toMatchInlineSnapshot(`
    "
    command line:1:6 \`9007199254740993\` is beyond 2^53-1 = 9007199254740991, where whole numbers lose digits: it would silently become 9007199254740992.
        seed=9007199254740993
             ~~~~~~~~~~~~~~~~
        Use a smaller number.

    1 error.
    "
  `);
  expect(page(BASE, 'stages.score.images=distl', 'stages.score.epochs=many')).toMatchInlineSnapshot(`
    "
    command line:1:21 Expected \`epochs\` to be a whole number, but found the text "many".
        stages.score.epochs=many
                            ~~~~

    command line:1:21 The input \`images\` names \`distl\`, which is no stage of this experiment.
        stages.score.images=distl
                            ~~~~~
        Did you mean \`distil\`?

    2 errors.
    "
  `);
  expect(page(BASE, '+stages.score.epoch=5')).toMatchInlineSnapshot(`
    "
    command line:1:15 Unknown key \`epoch\` in the stage \`score\` (evaluate).
        +stages.score.epoch=5
                      ~~~~~
        Did you mean \`epochs\`?

    1 error.
    "
  `);
});

it('refuses overrides that are not ones', () => {
  expect(page(BASE, 'seed')).toMatchInlineSnapshot(`
    "
    command line:1:1 Expected an override to have a value, as in \`key=value\`.
        seed
        ~~~~

    1 error.
    "
  `);
  expect(page(BASE, 'seed=')).toMatchInlineSnapshot(`
    "
    command line:1:1 Expected a value after \`=\`.
        seed=
        ~~~~~
        \`~seed\` deletes the key.

    1 error.
    "
  `);
  expect(page(BASE, '=5')).toMatchInlineSnapshot(`
    "
    command line:1:1 Expected an override such as \`stages.score.epochs=5\`.
        =5
        ~~

    1 error.
    "
  `);
  expect(page(BASE, 'stages..epochs=5')).toMatchInlineSnapshot(`
    "
    command line:1:1 Expected an override such as \`stages.score.epochs=5\`.
        stages..epochs=5
        ~~~~~~~~~~~~~~~~

    1 error.
    "
  `);
  expect(page(BASE, '~seed=5')).toMatchInlineSnapshot(`
    "
    command line:1:1 \`~\` deletes a key and takes no value.
        ~seed=5
        ~~~~~~~

    1 error.
    "
  `);
  expect(page(BASE, '~seed')).toMatchInlineSnapshot(`
    "
    command line:1:2 \`seed\` is not written, so it cannot be deleted.
        ~seed
         ~~~~

    1 error.
    "
  `);
  expect(page(BASE, '+name=other')).toMatchInlineSnapshot(`
    "
    command line:1:2 \`name\` is already there; \`+\` only adds.
        +name=other
         ~~~~
        Leave out the \`+\` to change it.
        x.yaml:2:1 written here
            name: sample
            ~~~~

    1 error.
    "
  `);
  expect(page(BASE, 'seed.deep=5')).toMatchInlineSnapshot(`
    "
    command line:1:6 There is no key \`deep\` in \`seed\`.
        seed.deep=5
             ~~~~

    1 error.
    "
  `);
  expect(page(BASE, 'name.deep=5')).toMatchInlineSnapshot(`
    "
    command line:1:1 \`name\` is the text "sample" and has no keys.
        name.deep=5
        ~~~~
        Give it a whole new value.
        x.yaml:2:7 written here
            name: sample
                  ~~~~~~

    1 error.
    "
  `);
  expect(page(BASE, 'tags=[a, b')).toMatchInlineSnapshot(`
    "
    command line:1:6 This \`[\` is never closed.
        tags=[a, b
             ~

    1 error.
    "
  `);
  expect(page(BASE, 'data.__proto__=5')).toMatchInlineSnapshot(`
    "
    command line:1:6 There is no key \`__proto__\` in \`data\`.
        data.__proto__=5
             ~~~~~~~~~
        Keys: \`set\`, \`classes\`, \`train\`, \`trainPerClass\`, \`normalisation\`.

    1 error.
    "
  `);
});

it('reports an override of several files once', () => {
  expect(page(`${HEAD}stages: { start: { stage: select } }\n`, 'seed=x')).toMatchInlineSnapshot(`
    "
    command line:1:6 Expected \`seed\` to be a whole number, but found the text "x".
        seed=x
             ~

    1 error.
    "
  `);
});

it('tells overrides from files', () => {
  for (const argument of ['a=1', 'a.b=c', '+a.b=c', '++a=c', '~a.b', 'stages.score.epochs=5', 'x-mine=1'])
    expect(looksLikeOverride(argument), argument).toBe(true);
  for (const argument of ['a.yaml', './a=b.yaml', 'folder/a=b.yaml', '--seed=1', '~/experiments/a.yaml', '~'])
    expect(looksLikeOverride(argument), argument).toBe(false);
});
