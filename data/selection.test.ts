/** A part of a set, opened by its name: labels, images, constants and what is said of it. */
import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { bundledFolder, dataSetFacts, locateDataSet, openDataSet } from './registry.ts';
import { nameOfPart, partNamed } from './selection.ts';

const FOLDER = bundledFolder('fashion-mnist');
const SIZE = 28 * 28;
const whole = unwrap(openDataSet('fashion-mnist', FOLDER));

it('a name holds all that was chosen', () => {
  const selection = { classes: [9, 2], trainPerClass: 7, normalisation: 'mtt' };
  expect(partNamed(nameOfPart('cifar100', selection))).toEqual({ set: 'cifar100', selection });
  expect(partNamed('mnist')).toEqual({ set: 'mnist', selection: {} });
});

it('labels count the classes in their order; the test images are all of theirs', () => {
  const part = unwrap(openDataSet('fashion-mnist?classes=7,1&train=20', FOLDER));
  expect(part).toMatchObject({ name: 'fashion-mnist?classes=7,1&train=20', classes: 2 });
  expect(part.classNames).toEqual(['Sneaker', 'Trouser']);
  expect([part.train.count, part.test.count]).toEqual([20, 400]);
  const rows = [...whole.train.labels.keys()].filter((row) => [7, 1].includes(whole.train.labels[row]!)).slice(0, 20);
  expect([...part.train.labels]).toEqual(rows.map((row) => (whole.train.labels[row] === 7 ? 0 : 1)));
  const at = rows[13]! * SIZE;
  expect([...part.train.pixels.subarray(13 * SIZE, 14 * SIZE)]).toEqual([
    ...whole.train.pixels.subarray(at, at + SIZE),
  ]);
});

it('so many of each class, and a summary that says so', () => {
  const { summary, description, folder } = unwrap(locateDataSet('fashion-mnist?classes=0,1,2&trainPerClass=50'));
  expect(summary).toMatchObject({ classes: 3, trainImages: 150, testImages: 600, perClass: [50, 50, 50] });
  expect(description).toBe('Fashion-MNIST, bundled subset (3 of 10 classes, 150 train, 600 test)');
  expect(folder).toBe(FOLDER);
});

it('other constants by name', () => {
  expect(dataSetFacts('cifar100?normalisation=mtt')?.mean).toEqual(dataSetFacts('cifar10')?.mean);
  expect(dataSetFacts('cifar100')?.mean).toEqual([0.5071, 0.4866, 0.4409]);
  expect(dataSetFacts('cifar10?normalisation=dd')?.std).toEqual([0.247, 0.243, 0.261]);
});
