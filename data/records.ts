/** The sets that experiments can name. A new set is a record here and, if its files are of a new kind, a format. */
import type { DataSetRecord } from './data-set.ts';
import { idxSet } from './idx-set.ts';

export const DATA_SETS: readonly DataSetRecord[] = [
  {
    facts: {
      name: 'fashion-mnist',
      title: 'Fashion-MNIST',
      classes: 10,
      classNames: [
        'T-shirt/top',
        'Trouser',
        'Pullover',
        'Dress',
        'Coat',
        'Sandal',
        'Shirt',
        'Sneaker',
        'Bag',
        'Ankle boot',
      ],
      channels: 1,
      height: 28,
      width: 28,
      // The rounded constants that the whole literature of matching uses; accuracies are compared under them.
      mean: [0.2861],
      std: [0.353],
    },
    format: idxSet,
    official: { train: 60_000, test: 10_000 },
    subfolders: ['fashion-mnist', 'FashionMNIST/raw'],
    bundled: true,
    source:
      "Its four IDX files are at https://github.com/zalandoresearch/fashion-mnist; Debian's package dataset-fashion-mnist puts them in /usr/share/datasets/fashion-mnist.",
  },
  {
    facts: {
      name: 'mnist',
      title: 'MNIST',
      classes: 10,
      classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      channels: 1,
      height: 28,
      width: 28,
      mean: [0.1307],
      std: [0.3081],
    },
    format: idxSet,
    official: { train: 60_000, test: 10_000 },
    subfolders: ['mnist', 'MNIST/raw'],
    bundled: false,
    source:
      'Its four IDX files are at https://ossci-datasets.s3.amazonaws.com/mnist/ and in the folder MNIST/raw that torchvision makes.',
  },
];
