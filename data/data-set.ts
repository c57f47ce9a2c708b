/**
 * A classification set in memory, as every stage sees it, and the record that describes one before it is read.
 * Pixels are kept as bytes, or stay in their files where there are too many; `normalise.ts` turns those that a stage needs
 * into numbers.
 */
import type { Result } from '../base/result.ts';

export interface Split {
  readonly count: number;
  /** count × channels × height × width; of a split that is too large to be held, none. */
  readonly pixels: Uint8Array;
  /**
   * Of such a split, the pixels at `indices`, in that order: decoded when they are asked for. `next`: what will be asked for
   * next, which is decoded while the caller goes on; it changes nothing of what comes.
   */
  decode?(indices: ArrayLike<number>, next?: ArrayLike<number>): Uint8Array;
  /** From 0 to classes - 1. */
  readonly labels: Uint8Array | Int32Array;
}

/** What is known of a set without reading it. */
export interface DataSetFacts {
  /** As experiments write it, e.g. `fashion-mnist`; with what was chosen of it (`selection.ts`) where it is a part. */
  readonly name: string;
  /** As tables write it, e.g. `Fashion-MNIST`. */
  readonly title: string;
  readonly classes: number;
  readonly classNames: readonly string[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of each channel over the training images, with pixels from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Other constants that are in use for it, by name. */
  readonly normalisations?: Readonly<Record<string, Normalisation>>;
}

export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whose they are. */
  readonly description: string;
}

/** What is known of a set whose files have been looked at, without its pixels. */
export interface DataSummary extends DataSetFacts {
  readonly trainImages: number;
  readonly testImages: number;
  /** Training images of each class. */
  readonly perClass: readonly number[];
}

export interface Splits {
  readonly train: Split;
  readonly test: Split;
}

export interface DataSet extends DataSetFacts, Splits {}

/** A split without its pixels. */
export type LabelledSplit = Pick<Split, 'count' | 'labels'>;

/** What only the files know: a folder of pictures has the classes that it has folders for. */
export type FoundFacts = Partial<Pick<DataSetFacts, 'classes' | 'classNames'>>;

/** What is chosen of a set's images. */
export interface SetPart {
  /** Labels of the whole set, in the order of the part's own. */
  readonly classes?: readonly number[];
  /** The first so many training images of those classes, in the order of the files. */
  readonly train?: number;
  /** The first so many of each class. */
  readonly trainPerClass?: number;
}

export interface ReadOptions {
  /** Where an image is a file: none is held, each is decoded when it is asked for. */
  readonly streamed?: boolean;
}

/** How the files of a set are named and read; several sets share one. */
export interface DataFormat {
  /** The set's files in `folder` itself: absolute paths in a fixed order, or every file that is missing. */
  find(folder: string): { readonly files: readonly string[]; readonly missing: readonly string[] };
  read(files: readonly string[], facts: DataSetFacts, options?: ReadOptions): Result<Splits & FoundFacts>;
  /** Where reading is long: finds what is missing or broken off, and the labels, without unpacking the pixels. */
  check?(
    files: readonly string[],
    facts: DataSetFacts,
  ): Result<{ readonly train: LabelledSplit; readonly test: LabelledSplit } & FoundFacts>;
  /** Where only the files say which classes there are. */
  known?(files: readonly string[], facts: DataSetFacts): Result<FoundFacts>;
  /** Where an image is a file: the same for the files of a part alone. Other formats are read whole, and cut. */
  part?(part: SetPart): DataFormat;
}

export interface DataSetRecord {
  readonly facts: DataSetFacts;
  readonly format: DataFormat;
  /** Images of the whole set; fewer are called a subset wherever results are shown. */
  readonly official: {
    readonly train: number;
    readonly test: number;
    /** For people, where there are several wholes, or where nobody has counted: the numbers are then what each has at least. */
    readonly said?: string;
  };
  /** Sub-folders of the user's folder in which the files may lie. */
  readonly subfolders: readonly string[];
  /** Whether `data/bundled/<name>/` holds a subset. */
  readonly bundled: boolean;
  /** Where users get the set: a sentence. */
  readonly source: string;
  /** Digests of the official files by name (without `.gz`), of their unpacked bytes: `sha256:…` or `md5:…`. */
  readonly digests?: Readonly<Record<string, string>>;
  /** Digests of the archives that hold them, by name: of what is downloaded, to be checked before it is unpacked. */
  readonly archives?: Readonly<Record<string, string>>;
}
