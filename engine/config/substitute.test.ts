/** `$axis` as a whole scalar, `$$` for a dollar, `use` of variants: what they become, and what is said when they cannot. */
import { expect, it } from 'vitest';
import { BASE, HEAD, page, resolve } from '../../test/rig/pages.ts';

it('takes the value of the axis wherever a value stands: parameters, nested ones, inputs, stage kinds, resources', () => {
  const { cells } = resolve(`${HEAD}
network: { width: $width }
resources: { threads: $threads }
matrix:
  width: [4, 8]
  method: [random, herding]
  threads: [1]
  from: [one, two]
stages:
  one: { stage: select, method: $method }
  two: { stage: select, method: $method, imagesPerClass: 3 }
  score: { stage: evaluate, images: $from, network: { depth: 2 }, resources: { threads: 3 } }
`);
  expect(cells).toHaveLength(8);
  const last = cells.at(-1)!;
  expect(last.axes).toEqual({ width: '8', method: 'herding', threads: '1', from: 'two' });
  expect(last.stages.map(({ name, params, inputs, resources }) => ({ name, params, inputs, resources }))).toEqual([
    { name: 'one', params: { method: 'herding', imagesPerClass: 10 }, inputs: {}, resources: { threads: 1 } },
    { name: 'two', params: { method: 'herding', imagesPerClass: 3 }, inputs: {}, resources: { threads: 1 } },
    {
      name: 'score',
      params: { epochs: 300, network: { kind: 'convnet', width: 8, depth: 2 } },
      inputs: { images: 'two' },
      resources: { threads: 3 },
    },
  ]);
});

it('merges several maps by `use`, later ones over earlier ones, and the stage over all', () => {
  const { cells } = resolve(`${HEAD}
x-slow: &slow { iterations: 9, learningRate: 9, network: { width: 9 } }
matrix:
  method:
    dm: { stage: match, method: dm, start: start, network: { depth: 2 } }
stages:
  start: { stage: select }
  distil: { use: [*slow, $method], learningRate: 5 }
`);
  expect(cells[0]!.stages[1]!.params).toMatchObject({
    method: 'dm',
    iterations: 9,
    learningRate: 5,
    network: { kind: 'convnet', width: 9, depth: 2 },
  });
});

it('lets the values of axes name other axes', () => {
  const { cells } = resolve(`${HEAD}
matrix:
  perClass: [1, 2]
  method:
    random: { stage: select, imagesPerClass: $perClass }
stages:
  distil: { use: $method }
`);
  expect(cells.map((cell) => cell.stages[0]!.params.imagesPerClass)).toEqual([1, 2]);
});

it('writes a dollar by `$$`, and leaves dollars inside a text alone', () => {
  expect(page(`${HEAD}stages: { start: { stage: select, method: $$random } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:43 Expected \`method\` to be \`random\` or \`herding\`, but found the text "$random".
        stages: { start: { stage: select, method: $$random } }
                                                  ~~~~~~~~
        Did you mean \`random\`?

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { start: { stage: select, method: a$b } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:43 Expected \`method\` to be \`random\` or \`herding\`, but found the text "a$b".
        stages: { start: { stage: select, method: a$b } }
                                                  ~~~

    1 error.
    "
  `);
});

it('names the nearest axis, or says that there is none', () => {
  expect(page(BASE.replace('use: $method', 'use: $metod'))).toMatchInlineSnapshot(`
    "
    x.yaml:12:18 \`$metod\` names no axis of the matrix.
          distil: { use: $metod }
                         ~~~~~~
        Did you mean \`method\`?

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { start: { stage: select, method: $x } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:43 \`$x\` names no axis of the matrix.
        stages: { start: { stage: select, method: $x } }
                                                  ~~
        Write \`$$\` for a dollar.

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { start: { stage: select, method: "\${x}" } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:43 \`\${x}\` is no reference: there is no expression language.
        stages: { start: { stage: select, method: "\${x}" } }
                                                  ~~~~~~
        Write \`$axis\` for the value of an axis, \`$$\` for a dollar.

    1 error.
    "
  `);
});

it('refuses values that name each other in a circle', () => {
  expect(
    page(`${HEAD}matrix:\n  a: [$b]\n  b: [$a]\nstages: { start: { stage: select, method: $a } }\n`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:6:7 The values of axes name each other in a circle: \`$a\` → \`$b\` → \`$a\`.
          b: [$a]
              ~~

    1 error.
    "
  `);
});

it('shows the axis and the value when a value is wrong, once for all cells', () => {
  expect(
    page(
      `${HEAD}matrix:\n  n: [1, 0, ten]\n  m: [random, herding]\nstages: { start: { stage: select, imagesPerClass: $n, method: $m } }\n`,
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:5:10 Expected \`imagesPerClass\` to be at least 1, but found 0.
          n: [1, 0, ten]
                 ~
        x.yaml:7:51 used here as \`$n\`
            stages: { start: { stage: select, imagesPerClass: $n, method: $m } }
                                                              ~~

    x.yaml:5:13 Expected \`imagesPerClass\` to be a whole number, but found the text "ten".
          n: [1, 0, ten]
                    ~~~
        x.yaml:7:51 used here as \`$n\`
            stages: { start: { stage: select, imagesPerClass: $n, method: $m } }
                                                              ~~

    2 errors.
    "
  `);
});

it('refuses an axis that has no value in a cell', () => {
  expect(
    page(
      `${HEAD}matrix:\n  m: [random, herding]\n  include: [{ m: random, n: 1 }]\nstages: { start: { stage: select, method: $m, imagesPerClass: $n } }\n`,
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:7:63 The axis \`n\` has no value in the cell m=herding.
        stages: { start: { stage: select, method: $m, imagesPerClass: $n } }
                                                                      ~~
        It is only set by \`include\`; give it a value for this cell too.

    1 error.
    "
  `);
});

it('refuses axes that no stage uses, even when a note or an `x-` key names them', () => {
  expect(
    page(`${HEAD}x-note: [$n]\nmatrix:\n  n: [1, 2]\n  m: [3]\nstages: { start: { stage: select } }\n`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:6:3 No stage names the axis \`n\`: its cells would all be the same.
          n: [1, 2]
          ~
        Write \`$n\` where its value belongs.

    x.yaml:7:3 No stage names the axis \`m\`: its cells would all be the same.
          m: [3]
          ~
        Write \`$m\` where its value belongs.

    2 errors.
    "
  `);
});

it('refuses an axis where all cells must agree', () => {
  expect(
    page(
      BASE.replace('{ set: fashion-mnist }', '{ set: $method }')
        .replace('sets: 3', 'sets: $method')
        .replace('version: 1', 'version: 1\nseed: $method\nbackend: $method'),
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:2:7 \`seed\` is the same in all cells of an experiment and cannot name an axis.
        seed: $method
              ~~~~~~~
        Repetition is declared by \`replicates\`.

    x.yaml:3:10 \`backend\` is the same in all cells of an experiment and cannot name an axis.
        backend: $method
                 ~~~~~~~
        Write one experiment for each.

    x.yaml:5:14 \`data\` is the same in all cells of an experiment and cannot name an axis.
        data: { set: $method }
                     ~~~~~~~
        Write one experiment for each.

    x.yaml:11:21 \`replicates\` is the same in all cells of an experiment and cannot name an axis.
        replicates: { sets: $method, evaluations: 2 }
                            ~~~~~~~
        Write one experiment for each.

    4 errors.
    "
  `);
});

it('refuses to `use` what is no map', () => {
  expect(page(BASE.replace('random: { stage: select, imagesPerClass: 2 }', 'random: select'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:13 Expected \`use\` to name a map, but found the text "select".
            random: select
                    ~~~~~~
        Name an axis of variants, e.g. \`use: $method\`.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
  expect(page(BASE.replace('use: $method', 'use: dm'))).toMatchInlineSnapshot(`
    "
    x.yaml:6:3 No stage names the axis \`method\`: its cells would all be the same.
          method:
          ~~~~~~
        Write \`$method\` where its value belongs.

    x.yaml:12:18 Expected \`use\` to name a map, but found the text "dm".
          distil: { use: dm }
                         ~~
        Name an axis of variants, e.g. \`use: $method\`.

    2 errors.
    "
  `);
});
