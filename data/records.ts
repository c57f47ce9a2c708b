/**
 * The sets that experiments can name. A new set is a record here and, if its files are of a new kind, a format.
 * Digests `md5:…` are those that torchvision publishes (`torchvision/datasets`), `sha256:…` our own of the unpacked files.
 */
import type { DataSetRecord } from './data-set.ts';
import { idxSet } from './idx-set.ts';
import { CIFAR_SETS } from './records-cifar.ts';
import { IMAGE_FOLDER_SETS } from './records-images.ts';
import { svhnSet } from './svhn-set.ts';

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
    digests: {
      'train-images-idx3-ubyte': 'sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      'train-labels-idx1-ubyte': 'sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      't10k-images-idx3-ubyte': 'sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      't10k-labels-idx1-ubyte': 'sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    },
    archives: {
      'train-images-idx3-ubyte.gz': 'md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d',
      'train-labels-idx1-ubyte.gz': 'md5:25c81989df183df01b3e8a0aad5dffbe',
      't10k-images-idx3-ubyte.gz': 'md5:bef4ecab320f06d8554ea6380940ec79',
      't10k-labels-idx1-ubyte.gz': 'md5:bb300cfdad3c16e7a12a480ee83cd310',
    },
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
    digests: {
      'train-images-idx3-ubyte': 'sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      'train-labels-idx1-ubyte': 'sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      't10k-images-idx3-ubyte': 'sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      't10k-labels-idx1-ubyte': 'sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
    archives: {
      'train-images-idx3-ubyte.gz': 'md5:f68b3c2dcbeaaa9fbdd348bbdeb94873',
      'train-labels-idx1-ubyte.gz': 'md5:d53e105ee54ea40749a09fcbcd1e9432',
      't10k-images-idx3-ubyte.gz': 'md5:9fb629c4189551a2d022fa330f9573f3',
      't10k-labels-idx1-ubyte.gz': 'md5:ec29112dd5afa0611ce80d1b7f02629c',
    },
  },
  {
    facts: {
      name: 'svhn',
      title: 'SVHN',
      classes: 10,
      classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      channels: 3,
      height: 32,
      width: 32,
      mean: [0.4377, 0.4438, 0.4728],
      std: [0.198, 0.201, 0.197],
      normalisations: {
        dd: {
          mean: [0.43791, 0.44398, 0.47293],
          std: [0.19803, 0.20102, 0.19704],
          description: 'of Wang et al., Dataset Distillation (2018)',
        },
      },
    },
    format: svhnSet,
    official: { train: 73_257, test: 26_032 },
    subfolders: ['svhn', 'SVHN'],
    bundled: false,
    source:
      'Its two files of cropped digits, train_32x32.mat and test_32x32.mat, are at http://ufldl.stanford.edu/housenumbers/.',
    digests: {
      'train_32x32.mat': 'md5:e26dedcc434d2e4c54c9b2d4a06d8373',
      'test_32x32.mat': 'md5:eb5a983be6a315427106f1b164d9cef3',
    },
  },
  ...CIFAR_SETS,
  ...IMAGE_FOLDER_SETS,
];
