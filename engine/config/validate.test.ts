/** Keys, types and ranges: at the top, in stages, in nested parameters. The whole page is compared, which makes it long. */
import { expect, it } from 'vitest';
import { BASE, HEAD, page, resolve } from '../../test/rig/pages.ts';

it('answers with every error of a file at once', () => {
  expect(
    page(`version: 1
nmae: sample
data: { set: fashion_mnist, folder: /data }
netwrk: { kind: convnet }
seed: 1.5
backend: tensorflw
matrix:
  method:
    random: { stage: select, imagesPerClass: 0 }
    dm: { stage: match, methd: dm, start: strat, learningRate: 0 }
replicates: { sets: two, evaluation: 2 }
stages:
  start: { stage: selct }
  distil: { use: $metod }
  score: { stage: evaluate, images: distil, network: { kind: convent, widht: 8, depth: 7 } }
compare: { baseline: { method: randm }, metric: "" }
`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:2:1 Unknown key \`nmae\` in an experiment.
        nmae: sample
        ~~~~
        Did you mean \`name\`?

    x.yaml:3:14 Expected \`data.set\` to be \`cifar10\`, \`fashion-mnist\` or \`mnist\`, but found the text "fashion_mnist".
        data: { set: fashion_mnist, folder: /data }
                     ~~~~~~~~~~~~~
        Did you mean \`fashion-mnist\`?

    x.yaml:3:29 Unknown key \`folder\` in \`data\`.
        data: { set: fashion_mnist, folder: /data }
                                    ~~~~~~
        Keys: \`set\`, \`classes\`, \`train\`, \`trainPerClass\`, \`normalisation\`.

    x.yaml:4:1 Unknown key \`netwrk\` in an experiment.
        netwrk: { kind: convnet }
        ~~~~~~
        Did you mean \`network\`?

    x.yaml:5:7 Expected \`seed\` to be a whole number, but found 1.5.
        seed: 1.5
              ~~~

    x.yaml:6:10 Expected \`backend\` to be \`onnxruntime\`, \`tensorflow\`, \`onnxruntime:webgpu\`, \`onnxruntime:cuda\` or \`reference\`, but found the text "tensorflw".
        backend: tensorflw
                 ~~~~~~~~~
        Did you mean \`tensorflow\`?

    x.yaml:11:21 Expected \`replicates.sets\` to be a whole number, but found the text "two".
        replicates: { sets: two, evaluation: 2 }
                            ~~~

    x.yaml:11:26 Unknown key \`evaluation\` in \`replicates\`.
        replicates: { sets: two, evaluation: 2 }
                                 ~~~~~~~~~~
        Did you mean \`evaluations\`?

    x.yaml:13:19 There is no stage kind \`selct\`.
          start: { stage: selct }
                          ~~~~~
        Did you mean \`select\`?

    x.yaml:14:18 \`$metod\` names no axis of the matrix.
          distil: { use: $metod }
                         ~~~~~~
        Did you mean \`method\`?

    x.yaml:15:62 Expected \`network.kind\` to be \`convnet\` or \`mlp\`, but found the text "convent".
          score: { stage: evaluate, images: distil, network: { kind: convent, widht: 8, depth: 7 } }
                                                                     ~~~~~~~
        Did you mean \`convnet\`?

    x.yaml:15:71 Unknown key \`widht\` in \`network\`.
          score: { stage: evaluate, images: distil, network: { kind: convent, widht: 8, depth: 7 } }
                                                                              ~~~~~
        Did you mean \`width\`?

    x.yaml:15:88 Expected \`network.depth\` to be at most 6, but found 7.
          score: { stage: evaluate, images: distil, network: { kind: convent, widht: 8, depth: 7 } }
                                                                                               ~

    x.yaml:16:32 The baseline names \`randm\`, which is no value of the axis \`method\`.
        compare: { baseline: { method: randm }, metric: "" }
                                       ~~~~~
        Did you mean \`random\`?

    x.yaml:16:49 Expected \`compare.metric\` not to be empty, but found the text "".
        compare: { baseline: { method: randm }, metric: "" }
                                                        ~~

    15 errors.
    "
  `);
});

it('suggests the nearest key, or lists the keys when none is near', () => {
  expect(page(`${BASE}data_set: x\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:15:1 Unknown key \`data_set\` in an experiment.
        data_set: x
        ~~~~~~~~
        Keys: \`version\`, \`name\`, \`notes\`, \`tags\`, \`data\`, \`network\`, \`seed\`, \`backend\`, \`numerics\`, \`resources\`, \`retries\`, \`timeLimit\`, \`matrix\`, \`replicates\`, \`stages\`, \`prune\`, \`compare\`, \`extends\`.

    1 error.
    "
  `);
  expect(page(BASE.replace('epochs: 5', 'EPOCHS: 5, batch: 3'))).toMatchInlineSnapshot(`
    "
    x.yaml:13:45 Unknown key \`EPOCHS\` in the stage \`score\` (evaluate).
          score: { stage: evaluate, images: distil, EPOCHS: 5, batch: 3 }
                                                    ~~~~~~
        Did you mean \`epochs\`?

    x.yaml:13:56 Unknown key \`batch\` in the stage \`score\` (evaluate).
          score: { stage: evaluate, images: distil, EPOCHS: 5, batch: 3 }
                                                               ~~~~~
        Keys: \`epochs\`, \`network\`, \`images\`, \`stage\`, \`use\`, \`resources\`, \`retries\`, \`timeLimit\`, \`snapshots\`, \`notes\`.

    2 errors.
    "
  `);
  expect(page(BASE.replace('width: 16', 'with: 16'))).toMatchInlineSnapshot(`
    "
    x.yaml:4:27 Unknown key \`with\` in \`network\`.
        network: { kind: convnet, with: 16 }
                                  ~~~~
        Did you mean \`width\`?

    1 error.
    "
  `);
});

it('names what is missing', () => {
  expect(page('version: 1\n')).toMatchInlineSnapshot(`
    "
    x.yaml:1:1 An experiment needs the key \`name\`.
        version: 1
        ~
        What the experiment is about, in a few words; free text.

    x.yaml:1:1 An experiment needs the key \`data\`.
        version: 1
        ~
        The data set.

    x.yaml:1:1 An experiment needs the key \`stages\`.
        version: 1
        ~
        The steps of the experiment by name; a stage names its inputs by role.

    3 errors.
    "
  `);
  expect(page(`${HEAD}stages: {}\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:9 Expected \`stages\` to have at least 1 entry, but found none.
        stages: {}
                ~~

    1 error.
    "
  `);
  expect(page(`${HEAD}stages:\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:1 \`stages\` has no value; expected a map.
        stages:
        ~~~~~~

    1 error.
    "
  `);
  expect(page(`${HEAD}stages:\n  start:\n  score: 5\n  other: { imagesPerClass: 3 }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:3 Expected the stage \`start\` to be a map, but found nothing.
          start:
          ~~~~~
        Write e.g. \`start: { stage: select }\`.

    x.yaml:6:10 Expected the stage \`score\` to be a map, but found 5.
          score: 5
                 ~
        Write e.g. \`score: { stage: select }\`.

    x.yaml:7:3 The stage \`other\` does not say its kind.
          other: { imagesPerClass: 3 }
          ~~~~~
        Write \`stage: KIND\` with one of \`select\`, \`match\`, \`evaluate\`.

    3 errors.
    "
  `);
  expect(page(BASE.replace('method: dm, ', ''))).toMatchInlineSnapshot(`
    "
    x.yaml:12:3 The stage \`distil\` (match) needs the key \`method\`.
          distil: { use: $method }
          ~~~~~~
        What is matched.
        x.yaml:8:18 \`match\` is chosen here
                dm: { stage: match, start: start, iterations: 20 }
                             ~~~~~

    1 error.
    "
  `);
});

it('refuses another version of the format', () => {
  expect(page(BASE.replace('version: 1', 'version: 2'))).toMatchInlineSnapshot(`
    "
    x.yaml:1:10 Expected \`version: 1\`, got 2.
        version: 2
                 ~
        The file is of a newer format: update retort.

    1 error.
    "
  `);
  expect(page(BASE.replace('version: 1', 'version: "1"'))).toMatchInlineSnapshot(`
    "
    x.yaml:1:10 Expected \`version: 1\`, got the text "1".
        version: "1"
                 ~~~
        Write \`version: 1\`.

    1 error.
    "
  `);
});

it('refuses wrong types, values and ranges with what was found', () => {
  expect(
    page(`version: 1
name: [a, b]
tags: quick
data: mnist
replicates: 3
resources: { threads: 0, memory: 4 }
stages:
  start: { stage: select, method: best, imagesPerClass: [10] }
  distil:
    stage: match
    method: DM
    start: start
    learningRate: -1
    batchReal: 1e3
    network: convnet
  score: { stage: evaluate, images: [distil], epochs: 1e-3, resources: { threads: many } }
compare: { baseline: {} }
`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:2:7 Expected \`name\` to be text, but found a list.
        name: [a, b]
              ~~~~~~

    x.yaml:3:7 Expected \`tags\` to be a list, but found the text "quick".
        tags: quick
              ~~~~~

    x.yaml:4:7 Expected \`data\` to be a map, but found the text "mnist".
        data: mnist
              ~~~~~
        Write { set: mnist }.

    x.yaml:5:13 Expected \`replicates\` to be a map, but found 3.
        replicates: 3
                    ~

    x.yaml:6:23 Expected \`resources.threads\` to be at least 1, but found 0.
        resources: { threads: 0, memory: 4 }
                              ~

    x.yaml:6:34 Expected \`resources.memory\` to be text, but found 4.
        resources: { threads: 0, memory: 4 }
                                         ~
        Write it like \`4GiB\`.

    x.yaml:8:35 Expected \`method\` to be \`random\` or \`herding\`, but found the text "best".
          start: { stage: select, method: best, imagesPerClass: [10] }
                                          ~~~~

    x.yaml:8:57 Expected \`imagesPerClass\` to be a whole number, but found a list.
          start: { stage: select, method: best, imagesPerClass: [10] }
                                                                ~~~~

    x.yaml:11:13 Expected \`method\` to be \`dm\`, \`dc\` or \`dsa\`, but found the text "DM".
            method: DM
                    ~~
        Did you mean \`dm\`?

    x.yaml:13:19 Expected \`learningRate\` to be over 0, but found -1.
            learningRate: -1
                          ~~

    x.yaml:15:14 Expected \`network\` to be a map, but found the text "convnet".
            network: convnet
                     ~~~~~~~
        Write { kind: convnet }.

    x.yaml:16:37 Expected \`images\` to be the name of a stage, but found a list.
          score: { stage: evaluate, images: [distil], epochs: 1e-3, resources: { threads: many } }
                                            ~~~~~~~~

    x.yaml:16:55 Expected \`epochs\` to be a whole number, but found 0.001.
          score: { stage: evaluate, images: [distil], epochs: 1e-3, resources: { threads: many } }
                                                              ~~~~

    x.yaml:16:83 Expected \`resources.threads\` to be a whole number, but found the text "many".
          score: { stage: evaluate, images: [distil], epochs: 1e-3, resources: { threads: many } }
                                                                                          ~~~~

    x.yaml:17:22 Expected \`compare.baseline\` to have at least 1 entry, but found none.
        compare: { baseline: {} }
                             ~~

    15 errors.
    "
  `);
});

it('checks the rules that a stage has of its own, at the culprit or where it is missing', () => {
  const dc = (more: string): string =>
    BASE.replace('method: dm, start: start, iterations: 20', `method: dc, start: start${more}`);
  expect(page(dc(', augment: true'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:60 Expected \`augment: false\` with \`method: dc\`; with augmentation it is \`dsa\`.
            dm: { stage: match, method: dc, start: start, augment: true }
                                                                   ~~~~
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
  expect(page(dc(''))).toMatchInlineSnapshot(`
    "
    x.yaml:12:3 Expected \`augment: false\` with \`method: dc\`; with augmentation it is \`dsa\`.
          distil: { use: $method }
          ~~~~~~
        x.yaml:8:18 \`match\` is chosen here
                dm: { stage: match, method: dc, start: start }
                             ~~~~~

    1 error.
    "
  `);
  expect(page(dc(', augment: false'))).toBe('right');
});

it('refuses a network that nobody takes', () => {
  expect(page(`${HEAD}network: { width: 3 }\nstages: { start: { stage: select } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:1 No stage of this experiment takes a \`network\`.
        network: { width: 3 }
        ~~~~~~~

    1 error.
    "
  `);
});

it('lets a stage name its own network over the shared one, key by key, unless it is of another kind', () => {
  const { cells } = resolve(`${HEAD}
network: { kind: convnet, width: 16 }
stages:
  start: { stage: select }
  shared: { stage: evaluate, images: start }
  deeper: { stage: evaluate, images: start, network: { depth: 4 } }
  other: { stage: evaluate, images: start, network: { kind: mlp } }
  usual: { stage: evaluate, images: start, network: null }
`);
  const networks = Object.fromEntries(cells[0]!.stages.map((stage) => [stage.name, stage.params.network]));
  expect(networks).toEqual({
    start: undefined,
    shared: { kind: 'convnet', width: 16, depth: 3 },
    deeper: { kind: 'convnet', width: 16, depth: 4 },
    other: { kind: 'mlp', width: 128, depth: 3 },
    usual: { kind: 'convnet', width: 128, depth: 3 },
  });
});

it('lets `x-` keys hold whatever a reader wants to write down', () => {
  expect(page(`${BASE}x-paper: { url: "https://example.org", pages: [1, 2] }\n`)).toBe('right');
});

it('cuts long lines around the culprit and keeps squiggles under wide characters and tabs', () => {
  const long = `notes: ${'n'.repeat(300)}`;
  expect(
    page(`${HEAD}stages: { start: { ${long}, stage: selct, ${long.replace('notes', 'x')} } }\n`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:4:336 There is no stage kind \`selct\`.
        …nnnnnnnnnnnnnnnn, stage: selct, x: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…
                                  ~~~~~
        Did you mean \`select\`?

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { start: { notes: 蒸留 é 🧪,\tstage: selct } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:43 There is no stage kind \`selct\`.
        stages: { start: { notes: 蒸留 é 🧪, stage: selct } }
                                                    ~~~~~
        Did you mean \`select\`?

    1 error.
    "
  `);
  expect(page(`${HEAD}stages: { start: { stage: "\\e[31mred" } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:27 There is no stage kind \`�[31mred\`.
        stages: { start: { stage: "\\e[31mred" } }
                                  ~~~~~~~~~~~
        Stage kinds: \`select\`, \`match\`, \`evaluate\`.

    1 error.
    "
  `);
});
