/**
 * Sets of pictures in folders: Tiny-ImageNet, ImageNet-1K at 224 and 64 pixels, and the subsets of ImageNet that the literature names. Their classes are in
 * the order of Cazenavette et al. (CVPR 2022), at 128 pixels: shorter side scaled to it, then the centre. A folder of the
 * whole of ImageNet serves for each of them.
 */
import type { DataSetRecord } from './data-set.ts';
import { imageFolderSet } from './image-folder-set.ts';

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

interface Subset {
  readonly name: string;
  readonly title: string;
  /** Sub-folders besides those of the whole. */
  readonly folders?: readonly string[];
  /** Training and validation pictures of the whole. */
  readonly official: DataSetRecord['official'];
  readonly source?: string;
  readonly archives?: Readonly<Record<string, string>>;
  /** By folder, in the order of the labels. */
  readonly classes: Readonly<Record<string, string>>;
}

/**
 * A class of ImageNet has at most 1,300 training pictures, and 50 to validate. Nobody publishes how many these ten have; fewer
 * than 10,000 are taken for a part.
 */
const OF_IMAGENET = 'at most 13,000 training and 500 test images';
const TEN_CLASSES = { train: 10_000, test: 500, said: OF_IMAGENET };

/** The archives of fastai divide the pictures otherwise than ImageNet, from which the papers take them. */
const archived = (train: number, test: number) => ({
  ...{ train, test: Math.min(test, TEN_CLASSES.test) },
  said: `${train.toLocaleString('en-US')} training and ${test.toLocaleString('en-US')} test images in its archives, ${OF_IMAGENET} in a folder of ImageNet, as in the papers`,
});

const SUBSETS: readonly Subset[] = [
  {
    name: 'imagenette',
    title: 'ImageNette',
    folders: ['imagenette2', 'imagenette2-320', 'imagenette2-160'],
    archives: {
      'imagenette2.tgz': 'md5:fe2fc210e6bb7c5664d602c3cd71e612',
      'imagenette2-320.tgz': 'md5:3df6f0d01a2c9592104656642f5e78a3',
      'imagenette2-160.tgz': 'md5:e793b78cc4c9e9a4ccc0c1155377a412',
    },
    official: archived(9_469, 3_925),
    source:
      'Its archives are at https://github.com/fastai/imagenette; the classes are also in a folder of ImageNet (ILSVRC 2012).',
    classes: {
      n01440764: 'tench',
      n02102040: 'English springer',
      n02979186: 'cassette player',
      n03000684: 'chain saw',
      n03028079: 'church',
      n03394916: 'French horn',
      n03417042: 'garbage truck',
      n03425413: 'gas pump',
      n03445777: 'golf ball',
      n03888257: 'parachute',
    },
  },
  {
    name: 'imagewoof',
    title: 'ImageWoof',
    folders: ['imagewoof2', 'imagewoof2-320', 'imagewoof2-160'],
    official: archived(9_025, 3_929),
    source:
      'Its archives are at https://github.com/fastai/imagenette; the classes are also in a folder of ImageNet (ILSVRC 2012).',
    classes: {
      n02096294: 'Australian terrier',
      n02093754: 'Border terrier',
      n02111889: 'Samoyed',
      n02088364: 'beagle',
      n02086240: 'Shih-Tzu',
      n02089973: 'English foxhound',
      n02087394: 'Rhodesian ridgeback',
      n02115641: 'dingo',
      n02099601: 'golden retriever',
      n02105641: 'Old English sheepdog',
    },
  },
  {
    name: 'imagefruit',
    title: 'ImageFruit',
    official: TEN_CLASSES,
    classes: {
      n07753275: 'pineapple',
      n07753592: 'banana',
      n07745940: 'strawberry',
      n07747607: 'orange',
      n07749582: 'lemon',
      n07768694: 'pomegranate',
      n07753113: 'fig',
      n07720875: 'bell pepper',
      n07718472: 'cucumber',
      n07742313: 'Granny Smith',
    },
  },
  {
    name: 'imageyellow',
    title: 'ImageYellow',
    official: TEN_CLASSES,
    classes: {
      n02206856: 'bee',
      n12057211: "yellow lady's slipper",
      n07753592: 'banana',
      n07749582: 'lemon',
      n12144580: 'corn',
      n04146614: 'school bus',
      n03530642: 'honeycomb',
      n02129165: 'lion',
      n01773157: 'black and gold garden spider',
      n01531178: 'goldfinch',
    },
  },
  {
    name: 'imagemeow',
    title: 'ImageMeow',
    official: TEN_CLASSES,
    classes: {
      n02123045: 'tabby',
      n02123159: 'tiger cat',
      n02123394: 'Persian cat',
      n02123597: 'Siamese cat',
      n02124075: 'Egyptian cat',
      n02129165: 'lion',
      n02129604: 'tiger',
      n02128925: 'jaguar',
      n02128757: 'snow leopard',
      n02127052: 'lynx',
    },
  },
  {
    name: 'imagesquawk',
    title: 'ImageSquawk',
    official: TEN_CLASSES,
    classes: {
      n01806143: 'peacock',
      n02007558: 'flamingo',
      n01818515: 'macaw',
      n02051845: 'pelican',
      n02056570: 'king penguin',
      n01614925: 'bald eagle',
      n01843383: 'toucan',
      n01518878: 'ostrich',
      n01860187: 'black swan',
      n01819313: 'sulphur-crested cockatoo',
    },
  },
];

function subset({ name, title, folders = [], official, classes, source, archives }: Subset): DataSetRecord {
  const classIds = Object.keys(classes);
  return {
    facts: {
      name,
      title,
      classes: classIds.length,
      classNames: Object.values(classes),
      channels: 3,
      height: 128,
      width: 128,
      ...IMAGENET,
    },
    format: imageFolderSet({ classIds, resize: true }),
    official,
    subfolders: [name, ...folders, 'imagenet', 'ILSVRC2012'],
    bundled: false,
    ...(archives && { archives }),
    source:
      source ??
      'It is ten classes of ImageNet (ILSVRC 2012), https://www.image-net.org; lay its pictures out as train/CLASS/ and val/CLASS/.',
  };
}

/** The whole of ImageNet: the shorter side scaled to so many pixels, then the centre. */
function imageNet({ name, title, pixels }: { name: string; title: string; pixels: number }): DataSetRecord {
  return {
    // The files say which classes there are.
    facts: { name, title, classes: 1000, classNames: [], channels: 3, height: pixels, width: pixels, ...IMAGENET },
    format: imageFolderSet({ resize: true }),
    official: { train: 1_281_167, test: 50_000 },
    subfolders: ['imagenet-1k', 'imagenet', 'ILSVRC2012'],
    bundled: false,
    source:
      'It is the whole of ImageNet (ILSVRC 2012), https://www.image-net.org; lay its pictures out as train/CLASS/ and val/CLASS/.',
  };
}

export const IMAGE_FOLDER_SETS: readonly DataSetRecord[] = [
  {
    facts: {
      name: 'tiny-imagenet',
      title: 'Tiny-ImageNet',
      classes: 200,
      // The files say which.
      classNames: [],
      channels: 3,
      height: 64,
      width: 64,
      ...IMAGENET,
      normalisations: {
        sre2l: {
          mean: [0.4802, 0.4481, 0.3975],
          std: [0.2302, 0.2265, 0.2262],
          description: 'of the code of SRe2L and CDA',
        },
      },
    },
    format: imageFolderSet({ resize: false }),
    official: { train: 100_000, test: 10_000 },
    subfolders: ['tiny-imagenet', 'tiny-imagenet-200'],
    bundled: false,
    source:
      'Its archive is at http://cs231n.stanford.edu/tiny-imagenet-200.zip and unpacks to tiny-imagenet-200; the validation pictures are its test set.',
    archives: { 'tiny-imagenet-200.zip': 'md5:90528d7ca1a48142e341f4ef8d21d0de' },
  },
  imageNet({ name: 'imagenet-1k', title: 'ImageNet-1K', pixels: 224 }),
  // As TESLA and DC-BENCH have it.
  imageNet({ name: 'imagenet-1k-64', title: 'ImageNet-1K at 64 pixels', pixels: 64 }),
  ...SUBSETS.map(subset),
];
