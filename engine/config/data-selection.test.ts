/** `data` with classes, fewer images and other constants: the name that it gets, and every mistake in its place. */
import { expect, it } from 'vitest';
import { dataSetNames, locateDataSet } from '../../data/registry.ts';
import { stageKinds } from '../../stages/registry.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

/** With the bundled subset of Fashion-MNIST at hand: 800 training images of each class. */
function resolve(data: string): string {
  const text = `version: 1\nname: x\ndata: ${data}\nstages:\n  start: { stage: select, imagesPerClass: 50 }\n`;
  const resolved = resolveExperiments([{ path: 'x.yaml', text }], [], {
    ...{ stageKinds, dataSets: dataSetNames },
    dataSummary: (name) => {
      const found = locateDataSet(name);
      return found.ok ? found.value.summary : undefined;
    },
  });
  return resolved.ok ? resolved.value[0]!.data.set : `\n${formatDiagnostics(resolved.error)}\n`;
}

it('equal parts have equal names, and the whole has that of the set', () => {
  expect(resolve('{ set: fashion-mnist }')).toBe('fashion-mnist');
  expect(resolve('{ set: fashion-mnist, classes: [3, 1] }')).toBe('fashion-mnist?classes=3,1');
  expect(resolve('{ set: fashion-mnist, classes: [dress, Trouser], train: 500 }')).toBe(
    'fashion-mnist?classes=3,1&train=500',
  );
  expect(resolve('{ set: fashion-mnist, classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], train: 8000 }')).toBe('fashion-mnist');
  expect(resolve('{ set: fashion-mnist, trainPerClass: 800 }')).toBe('fashion-mnist');
  expect(resolve('{ set: fashion-mnist, trainPerClass: 60 }')).toBe('fashion-mnist?trainPerClass=60');
  // Without its files, by what is known of the set.
  expect(resolve('{ set: cifar100, classes: [apple, 99], normalisation: mtt }')).toBe(
    'cifar100?classes=0,99&normalisation=mtt',
  );
});

it('says what is wrong, and where', () => {
  expect(resolve('{ set: fashion-mnist, classes: [0, 12, Sandel] }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:42 Fashion-MNIST has no class 12.
        data: { set: fashion-mnist, classes: [0, 12, Sandel] }
                                                 ~~
        Its classes are numbered from 0 to 9.

    x.yaml:3:46 Fashion-MNIST has no class \`Sandel\`.
        data: { set: fashion-mnist, classes: [0, 12, Sandel] }
                                                     ~~~~~~
        Did you mean \`Sandal\`?

    2 errors.

    "
  `);
  expect(resolve('{ set: fashion-mnist, classes: [0, T-shirt/top] }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:42 The class \`T-shirt/top\` is named twice.
        data: { set: fashion-mnist, classes: [0, T-shirt/top] }
                                                 ~~~~~~~~~~~
        x.yaml:3:39 first named here
            data: { set: fashion-mnist, classes: [0, T-shirt/top] }
                                                  ~

    1 error.

    "
  `);
  expect(resolve('{ set: tiny-imagenet, classes: [n01443537, 3] }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:39 Tiny-ImageNet has no class \`n01443537\`.
        data: { set: tiny-imagenet, classes: [n01443537, 3] }
                                              ~~~~~~~~~
        The names of its classes are in its files, which are not found: write numbers, or give their folder with --data DIR.

    1 error.

    "
  `);
  expect(resolve('{ set: fashion-mnist, train: 9000 }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:36 9000 training images are wanted, but Fashion-MNIST has 8000.
        data: { set: fashion-mnist, train: 9000 }
                                           ~~~~

    1 error.

    "
  `);
  expect(resolve('{ set: fashion-mnist, train: 3 }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:36 None of the first 3 training images is of class \`Trouser\`.
        data: { set: fashion-mnist, train: 3 }
                                           ~
        Take more of them, or write \`trainPerClass\`.

    1 error.

    "
  `);
  expect(resolve('{ set: fashion-mnist, trainPerClass: 900, train: 10 }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:29 \`data\` has both \`train\` and \`trainPerClass\`.
        data: { set: fashion-mnist, trainPerClass: 900, train: 10 }
                                    ~~~~~~~~~~~~~
        Leave one of them out.

    x.yaml:3:44 900 training images of each class are wanted, but \`T-shirt/top\` has 800.
        data: { set: fashion-mnist, trainPerClass: 900, train: 10 }
                                                   ~~~

    2 errors.

    "
  `);
  expect(resolve('{ set: cifar100, normalisation: mdd }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:39 CIFAR-100 has no other constants called \`mdd\`.
        data: { set: cifar100, normalisation: mdd }
                                              ~~~
        There are: \`g-vbsm\`, \`mtt\`, \`sre2l\`.

    1 error.

    "
  `);
  expect(resolve('{ set: mnist, normalisation: dd }')).toMatchInlineSnapshot(`
    "
    x.yaml:3:36 MNIST has no other constants called \`dd\`.
        data: { set: mnist, normalisation: dd }
                                           ~~
        It has none but its own: leave the key out.

    1 error.

    "
  `);
  // The part has too few images for the stage.
  expect(resolve('{ set: fashion-mnist, trainPerClass: 40 }')).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 50 images of each class are wanted, but T-shirt/top of Fashion-MNIST has 40: write 40 at most.
          start: { stage: select, imagesPerClass: 50 }
                                                  ~~

    1 error.

    "
  `);
});
