/** Snapshots and what is said of them: every mistake with its place, and what a right experiment comes to. */
import { expect, it } from 'vitest';
import { BASE, page, resolve } from '../../test/rig/pages.ts';

const withSnapshots = (snapshots: string, more = '') =>
  BASE.replace('iterations: 20 }', `iterations: 20, snapshots: ${snapshots} }`) + more;

function snapshots(text: string): unknown[] {
  return resolve(text).cells.map((cell) => cell.stages.find((stage) => stage.name === 'distil')?.snapshots);
}

it('come to steps below the end', () => {
  expect(snapshots(withSnapshots('{ every: 5 }'))).toEqual([undefined, [5, 10, 15]]);
  expect(snapshots(withSnapshots('{ every: 6 }'))).toEqual([undefined, [6, 12, 18]]);
  expect(snapshots(withSnapshots('{ every: 20 }'))).toEqual([undefined, undefined]);
  expect(snapshots(withSnapshots('{ at: [7, 3, 7] }'))).toEqual([undefined, [3, 7]]);
  expect(resolve(withSnapshots('{ every: 5 }'), 'matrix.method.dm.snapshots.every=10').cells[1]?.stages).toMatchObject([
    {},
    { snapshots: [10] },
    {},
  ]);
});

it('are refused where there is nothing to take, or not there', () => {
  expect(
    page(
      withSnapshots('{ every: 21 }')
        .replace('distil, epochs: 5', 'distil, epochs: 5, snapshots: { every: 1 }')
        .replace('start: { stage: select,', 'start: { stage: select, snapshots: { every: 0 },'),
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:8:87 Snapshots every 21 steps: \`distil\` has 20 steps (\`iterations\`).
            dm: { stage: match, method: dm, start: start, iterations: 20, snapshots: { every: 21 } }
                                                                                              ~~
        Take them more often.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    x.yaml:11:47 Expected \`snapshots.every\` to be at least 1, but found 0.
          start: { stage: select, snapshots: { every: 0 }, imagesPerClass: 2 }
                                                      ~

    x.yaml:13:56 The stage \`score\` (evaluate) gives a result at its end only, so it can take no snapshots.
          score: { stage: evaluate, images: distil, epochs: 5, snapshots: { every: 1 } }
                                                               ~~~~~~~~~

    3 errors.
    "
  `);
  expect(page(withSnapshots('{ at: [5, 20] }'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:88 A snapshot at step 20: \`distil\` has 20 steps (\`iterations\`).
            dm: { stage: match, method: dm, start: start, iterations: 20, snapshots: { at: [5, 20] } }
                                                                                               ~~
        The end is a result anyway; a snapshot comes before it.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
  expect(page(withSnapshots('{ every: 5, at: [5] }'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:78 Expected \`snapshots\` to have one key, but found 2.
            dm: { stage: match, method: dm, start: start, iterations: 20, snapshots: { every: 5, at: [5] } }
                                                                                     ~~~~~~~~~~~~~~~~~~~~~
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
  expect(page(withSnapshots('every 5'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:78 Expected \`snapshots\` to be a map, but found the text "every 5".
            dm: { stage: match, method: dm, start: start, iterations: 20, snapshots: every 5 }
                                                                                     ~~~~~~~
        Write \`snapshots: { every: 5 }\`, or \`{ at: [100, 500] }\`.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
});

it('are what `prune` and `select: best` speak of', () => {
  expect(
    page(`${BASE.replace('compare: {', 'compare: { select: best,')}prune: { rule: median }\n`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:14:20 There is no best snapshot: no stage takes any that is evaluated.
        compare: { select: best, baseline: { method: random } }
                           ~~~~
        Write e.g. \`snapshots: { every: 100 }\` in the stage that takes long.

    x.yaml:15:1 \`prune\` judges cells by evaluations of their snapshots, and no stage takes any that is evaluated.
        prune: { rule: median }
        ~~~~~
        Write e.g. \`snapshots: { every: 100 }\` in the stage that takes long.

    2 errors.
    "
  `);
  expect(
    page(
      withSnapshots('{ every: 5 }', 'prune: { rule: median, at: [5, 6, 0.25, 0.3, 2.5], eta: 4, within: [methd] }\n'),
    ),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:15:32 There is no snapshot at step 6 in any cell.
        prune: { rule: median, at: [5, 6, 0.25, 0.3, 2.5], eta: 4, within: [methd] }
                                       ~
        \`distil\` has 20 steps and snapshots at 5, 10, 15.

    x.yaml:15:41 There is no snapshot at 0.3 of the steps in any cell.
        prune: { rule: median, at: [5, 6, 0.25, 0.3, 2.5], eta: 4, within: [methd] }
                                                ~~~
        \`distil\` has 20 steps and snapshots at 5, 10, 15.

    x.yaml:15:46 Expected a step (a whole number) or a fraction below 1, but found 2.5.
        prune: { rule: median, at: [5, 6, 0.25, 0.3, 2.5], eta: 4, within: [methd] }
                                                     ~~~

    x.yaml:15:52 \`eta\` belongs to \`rule: asha\`, but the rule is \`median\`.
        prune: { rule: median, at: [5, 6, 0.25, 0.3, 2.5], eta: 4, within: [methd] }
                                                           ~~~

    x.yaml:15:69 \`within\` names \`methd\`, which is no axis of the matrix.
        prune: { rule: median, at: [5, 6, 0.25, 0.3, 2.5], eta: 4, within: [methd] }
                                                                            ~~~~~
        Did you mean \`method\`?

    5 errors.
    "
  `);
  expect(page(withSnapshots('{ every: 5 }', 'prune: { rule: threshold }\n'))).toMatchInlineSnapshot(`
    "
    x.yaml:15:16 \`rule: threshold\` needs \`threshold\`: the figure below which a cell is given up.
        prune: { rule: threshold }
                       ~~~~~~~~~

    1 error.
    "
  `);
  expect(page(withSnapshots('{ every: 5 }', 'prune: { rule: best, minReplicates: 0 }\n'))).toMatchInlineSnapshot(`
    "
    x.yaml:15:16 Expected \`prune.rule\` to be \`median\`, \`asha\` or \`threshold\`, but found the text "best".
        prune: { rule: best, minReplicates: 0 }
                       ~~~~

    x.yaml:15:37 Expected \`prune.minReplicates\` to be at least 1, but found 0.
        prune: { rule: best, minReplicates: 0 }
                                            ~

    2 errors.
    "
  `);
});

it('come to a rule with its defaults', () => {
  const rule = resolve(withSnapshots('{ every: 5 }', 'prune: { rule: asha, at: 0.5, within: [method] }\n')).prune;
  expect(rule).toEqual({
    rule: 'asha',
    metric: 'accuracy',
    at: [0.5],
    eta: 3,
    minReplicates: 1,
    minCells: 3,
    within: ['method'],
  });
  expect(resolve(BASE).prune).toBeUndefined();
});
