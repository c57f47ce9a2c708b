/** Inputs name stages: unknown ones, wrong kinds of artifact, circles, missing ones. */
import { expect, it } from 'vitest';
import { BASE, HEAD, page, resolve } from '../../test/rig/pages.ts';

it('names the nearest stage, or those that would fit', () => {
  expect(page(BASE.replace('images: distil', 'images: distill'))).toMatchInlineSnapshot(`
    "
    x.yaml:13:37 The input \`images\` names \`distill\`, which is no stage of this experiment.
          score: { stage: evaluate, images: distill, epochs: 5 }
                                            ~~~~~~~
        Did you mean \`distil\`?

    1 error.
    "
  `);
  expect(page(BASE.replace('images: distil', 'images: foo'))).toMatchInlineSnapshot(`
    "
    x.yaml:13:37 The input \`images\` names \`foo\`, which is no stage of this experiment.
          score: { stage: evaluate, images: foo, epochs: 5 }
                                            ~~~
        Stages that make synthetic-set: \`start\`, \`distil\`.

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { score: { stage: evaluate, images: foo } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:45 The input \`images\` names \`foo\`, which is no stage of this experiment.
        stages: { score: { stage: evaluate, images: foo } }
                                                    ~~~
        No stage of this experiment makes synthetic-set.

    1 error.
    "
  `);
  expect(page(BASE.replace('start: start', 'start: strat'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:44 The input \`start\` names \`strat\`, which is no stage of this experiment.
            dm: { stage: match, method: dm, start: strat, iterations: 20 }
                                                   ~~~~~
        Did you mean \`start\`?
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
});

it('refuses an artifact of another type', () => {
  expect(
    page(
      `${HEAD}stages:\n  start: { stage: select }\n  score: { stage: evaluate, images: start }\n  again: { stage: evaluate, images: score }\n`,
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:7:37 The input \`images\` takes synthetic-set, but the stage \`score\` (evaluate) makes metrics.
          again: { stage: evaluate, images: score }
                                            ~~~~~
        x.yaml:6:3 \`score\` is written here
              score: { stage: evaluate, images: start }
              ~~~~~

    1 error.
    "
  `);
});

it('names a required input that is missing', () => {
  expect(page(BASE.replace('start: start, ', ''))).toMatchInlineSnapshot(`
    "
    x.yaml:12:3 The stage \`distil\` (match) needs the input \`start\`: The images to start from.
          distil: { use: $method }
          ~~~~~~
        Write \`start: STAGE\` with the name of a stage that makes synthetic-set.
        x.yaml:8:18 \`match\` is chosen here
                dm: { stage: match, method: dm, iterations: 20 }
                             ~~~~~

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { score: { stage: evaluate } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:11 The stage \`score\` (evaluate) needs the input \`images\`: What to train on.
        stages: { score: { stage: evaluate } }
                  ~~~~~
        Write \`images: STAGE\` with the name of a stage that makes synthetic-set.

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { score: { stage: evaluate, images: } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:37 Expected \`images\` to be the name of a stage, but found nothing.
        stages: { score: { stage: evaluate, images: } }
                                            ~~~~~~

    1 error.
    "
  `);
});

it('shows the circle in which stages wait for each other', () => {
  expect(
    page(`${HEAD}stages:
  a: { stage: match, method: dm, start: b }
  b: { stage: match, method: dm, start: c }
  c: { stage: match, method: dm, start: a }
  d: { stage: match, method: dm, start: d }
`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:7:41 Stages wait for each other in a circle: \`a\` needs \`b\` needs \`c\` needs \`a\`.
          c: { stage: match, method: dm, start: a }
                                                ~

    x.yaml:8:41 Stages wait for each other in a circle: \`d\` needs \`d\`.
          d: { stage: match, method: dm, start: d }
                                                ~

    2 errors.
    "
  `);
});

it('checks the wiring also where parameters are wrong', () => {
  expect(page(BASE.replace('images: distil, epochs: 5', 'images: distill, epochs: 0'))).toMatchInlineSnapshot(`
    "
    x.yaml:13:37 The input \`images\` names \`distill\`, which is no stage of this experiment.
          score: { stage: evaluate, images: distill, epochs: 0 }
                                            ~~~~~~~
        Did you mean \`distil\`?

    x.yaml:13:54 Expected \`epochs\` to be at least 1, but found 0.
          score: { stage: evaluate, images: distill, epochs: 0 }
                                                             ~

    2 errors.
    "
  `);
});

it('reports a circle that only some cells have', () => {
  expect(
    page(`${HEAD}matrix:
  from: [start, distil]
stages:
  start: { stage: select }
  distil: { stage: match, method: dm, start: $from }
`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:5:17 Stages wait for each other in a circle: \`distil\` needs \`distil\`.
          from: [start, distil]
                        ~~~~~~
        x.yaml:8:46 used here as \`$from\`
              distil: { stage: match, method: dm, start: $from }
                                                         ~~~~~

    1 error.
    "
  `);
});

it('puts stages behind their inputs, otherwise in the order of the file', () => {
  const { cells } = resolve(`${HEAD}
stages:
  score: { stage: evaluate, images: distil }
  first: { stage: select, imagesPerClass: 1 }
  distil: { stage: match, method: dm, start: start }
  start: { stage: select }
`);
  expect(cells[0]!.stages.map((stage) => stage.name)).toEqual(['start', 'distil', 'score', 'first']);
});
