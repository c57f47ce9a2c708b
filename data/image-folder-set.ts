/**
 * Sets kept as pictures in folders: `train/CLASS/…` and `val/CLASS/…` (or `test/`), with pictures in the class's folder or
 * in `images/` below it. Tiny-ImageNet's validation pictures lie in one folder, `val/images/`, and `val_annotations.txt`
 * says their classes. Labels count the classes in the order of their names, as PyTorch's `ImageFolder` has it, or in the
 * order of `classIds` where a set names its classes.
 *
 * Of a part of a set only its own pictures are files of it: the others are neither looked at nor decoded, nor part of its digest.
 *
 * `check` looks at the first and last bytes of every file, which finds what an interrupted unpacking leaves; `read` decodes.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataFormat, DataSetFacts, LabelledSplit, SetPart, Split } from './data-set.ts';
import { decodeAhead } from './decode-ahead.ts';
import { decodeImages, type PictureSize } from './decode-images.ts';

export interface ImageFolderOptions {
  /** Folders of the classes, in the order of their labels; all folders of `train/` where left out. */
  readonly classIds?: readonly string[];
  /** Whether pictures are scaled and cut to the set's size; otherwise they must have it. */
  readonly resize: boolean;
  readonly part?: SetPart;
  /** Bytes of a split's pixels that are held; larger ones are decoded image by image as they are seen. */
  readonly mostHeld?: number;
}

const PICTURE = /\.(jpe?g|png)$/i;
const ANNOTATIONS = 'val_annotations.txt';
const TEST_FOLDERS = ['val', 'test', 'validation'] as const;

export function imageFolderSet(options: ImageFolderOptions): DataFormat {
  const { classIds, resize, part = {}, mostHeld = MOST_HELD } = options;
  return {
    find(folder) {
      const test = TEST_FOLDERS.find((name) => isFolder(join(folder, name)));
      const isSet = isFolder(join(folder, 'train'));
      const missing = [...(isSet ? [] : ['train/']), ...(test === undefined ? ['val/'] : [])];
      // Any folder may have one of the two; only both make a set.
      if (test === undefined || !isSet) return { files: [], missing };
      const all = classIds ?? foldersOf(join(folder, 'train'));
      const pictures = (name: string) => picturesOf(join(folder, 'train', name));
      const counts = (name: string) => classIds !== undefined || pictures(name).length > 0;
      const classes = part.classes ? chosenClasses(all, part.classes, counts) : all;
      const absent = classes.filter((name) => !existsSync(join(folder, 'train', name)));
      const files = [
        ...classes.flatMap((name) => pictures(name).slice(0, part.trainPerClass)),
        ...testPictures(join(folder, test), classes, part.classes !== undefined),
      ];
      return { files, missing: absent.map((name) => `train/${name}/`) };
    },
    part: (chosen) => imageFolderSet({ ...options, part: chosen }),
    check(files, facts) {
      for (const path of files) {
        const sound = PICTURE.test(path) ? checkEnds(path) : ok(undefined);
        if (!sound.ok) return sound;
      }
      return labelled(files, facts, classIds, part);
    },
    read(files, facts, { streamed = false } = {}) {
      const found = labelled(files, facts, classIds, part);
      if (!found.ok) return found;
      const { train, test, ...known } = found.value;
      const size = { height: facts.height, width: facts.width, resize };
      const most = streamed ? 0 : mostHeld;
      const [trained, tested] = [pictured(train, size, most), pictured(test, size, most)];
      if (!trained.ok || !tested.ok) return trained.ok ? (tested as Result<never>) : trained;
      return ok({ ...known, train: trained.value, test: tested.value });
    },
    known(files, facts) {
      const found = labelled(files, facts, classIds, part);
      if (!found.ok) return found;
      const { classes, classNames } = found.value;
      return ok({ classes, classNames });
    },
  };
}

/** Tiny-ImageNet is 1.2 GB, ImageNet at 224 pixels 193 GB. */
const MOST_HELD = 2 ** 31;

function pictured({ count, labels, paths }: PathSplit, size: PictureSize, mostHeld: number): Result<Split> {
  if (3 * count * size.height * size.width > mostHeld)
    return ok({ count, labels, pixels: new Uint8Array(0), decode: decodeAhead(paths, size) });
  const pixels = decodeImages(paths, size);
  return pixels.ok ? ok({ count, labels, pixels: pixels.value }) : pixels;
}

/** A file of CIFAR-100 is called `train` as well. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function foldersOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .sort();
}

function picturesOf(folder: string): string[] {
  const inside = existsSync(join(folder, 'images')) ? join(folder, 'images') : folder;
  if (!existsSync(inside)) return [];
  return readdirSync(inside)
    .filter((name) => PICTURE.test(name))
    .sort()
    .map((name) => join(inside, name));
}

/** In the order of the whole set. Where only the files say which classes there are, those without pictures are none. */
function chosenClasses(
  all: readonly string[],
  labels: readonly number[],
  counts: (name: string) => boolean,
): readonly string[] {
  const highest = Math.max(...labels);
  const known: string[] = [];
  for (const name of all) {
    if (known.length > highest) break;
    if (counts(name)) known.push(name);
  }
  return known.filter((_, label) => labels.includes(label));
}

function testPictures(folder: string, classes: readonly string[], isPart: boolean): string[] {
  const annotations = join(folder, ANNOTATIONS);
  if (existsSync(annotations) && existsSync(join(folder, 'images'))) {
    const pictures = picturesOf(folder);
    const annotated = isPart ? readAnnotations(annotations) : undefined;
    if (!annotated?.ok) return [annotations, ...pictures];
    const chosen = new Set(classes);
    return [annotations, ...pictures.filter((path) => chosen.has(annotated.value.get(basename(path)) ?? ''))];
  }
  return classes.flatMap((name) => picturesOf(join(folder, name)));
}

/** The class's folder of a picture: the one it lies in, or the one above `images`. */
function classOf(path: string): string {
  const parts = path.split(sep);
  const above = parts.at(-2) ?? '';
  return above === 'images' ? (parts.at(-3) ?? '') : above;
}

/** Whether a path lies in the split's folder of the set: that name, a class, and perhaps `images` below it. */
function isIn(split: string, path: string): boolean {
  const parts = path.split(sep);
  return parts.at(-3) === split || (parts.at(-2) === 'images' && parts.at(-4) === split);
}

interface PathSplit extends LabelledSplit {
  readonly paths: readonly string[];
}

interface Labelled {
  readonly train: PathSplit;
  readonly test: PathSplit;
  readonly classes: number;
  readonly classNames: readonly string[];
}

function labelled(
  files: readonly string[],
  { title, classNames }: DataSetFacts,
  classIds: readonly string[] | undefined,
  part: SetPart,
): Result<Labelled> {
  const annotations = files.find((path) => basename(path) === ANNOTATIONS);
  const pictures = files.filter((path) => path !== annotations);
  const isTest = annotations
    ? (path: string) => !isIn('train', path)
    : (path: string) => !isIn('train', path) && TEST_FOLDERS.some((name) => isIn(name, path));
  const train = pictures.filter((path) => !isTest(path));
  const named = idsOf(classIds ?? [...new Set(train.map(classOf))], classIds !== undefined, title, part.classes);
  if (!named.ok) return named;
  const ids = named.value;
  const labelOf = new Map(ids.map((id, label) => [id, label]));
  const annotated = annotations ? readAnnotations(annotations) : ok(new Map<string, string>());
  if (!annotated.ok) return annotated;
  const test = pictures.filter(isTest);
  const split = (paths: readonly string[], idOf: (path: string) => string | undefined): Result<PathSplit> => {
    const labels = new Int32Array(paths.length);
    for (const [index, path] of paths.entries()) {
      const label = labelOf.get(idOf(path) ?? '');
      if (label === undefined)
        return fail('DATA_LABEL_RANGE', `${basename(path)} is of no class of ${title}'s training pictures.`, {
          place: path,
          help: annotations ? `Check that ${annotations} is whole and belongs to the folder.` : 'Check its folder.',
        });
      labels[index] = label;
    }
    return ok({ count: paths.length, labels, paths });
  };
  const trained = split(train.slice(0, part.train), classOf);
  if (!trained.ok) return trained;
  const tested = split(test, annotations ? (path) => annotated.value.get(basename(path)) : classOf);
  if (!tested.ok) return tested;
  for (const [name, { count }] of Object.entries({ train: trained.value, val: tested.value }))
    if (count === 0) return fail('DATA_EMPTY', `${title} has no pictures in ${name}/, expected at least one.`);
  return ok({
    train: trained.value,
    test: tested.value,
    classes: ids.length,
    classNames:
      classIds && classNames.length === classIds.length ? ids.map((id) => classNames[classIds.indexOf(id)] ?? id) : ids,
  });
}

/** Folders of the classes by their labels. `all` are those of the whole set, or (found in a part's files) of the part. */
function idsOf(
  all: readonly string[],
  isWhole: boolean,
  title: string,
  labels: readonly number[] | undefined,
): Result<readonly string[]> {
  if (!labels) return ok(all);
  const ascending = [...labels].sort((a, b) => a - b);
  const idOf = (label: number) => (isWhole ? all[label] : all[ascending.indexOf(label)]);
  const ids = labels.map(idOf);
  const outside = labels.find((_, index) => ids[index] === undefined);
  if (outside === undefined && (isWhole || all.length === labels.length)) return ok(ids as string[]);
  return fail('DATA_CLASS', `${title} has no class ${outside ?? ascending.at(-1)} with pictures in train/.`, {
    help: 'Classes are counted from 0, in the order of their folders.',
  });
}

/** Lines of picture, class and a box. */
function readAnnotations(path: string): Result<Map<string, string>> {
  const classes = new Map<string, string>();
  for (const [index, line] of readFileSync(path, 'utf8').trimEnd().split('\n').entries()) {
    const [picture, id] = line.split('\t');
    if (picture === undefined || id === undefined)
      return fail('DATA_WRONG_FORMAT', `${ANNOTATIONS} has no picture and class in line ${index + 1}.`, {
        place: path,
      });
    classes.set(picture, id);
  }
  return ok(classes);
}

/** Signature and end mark; a few published pictures have some bytes after theirs. */
const TAIL = 4096;

function checkEnds(path: string): Result<undefined> {
  const help = 'Get the file again from where the set is published; an interrupted unpacking is the usual cause.';
  const wrong = (code: string, message: string) => fail(code, `${basename(path)} ${message}.`, { place: path, help });
  const bytes = endsOf(path);
  if (!bytes.ok) return wrong(bytes.error.code, bytes.error.message);
  const { first, last } = bytes.value;
  const isJpeg = first[0] === 0xff && first[1] === 0xd8;
  const isPng = first[0] === 0x89 && first[1] === 0x50;
  if (!isJpeg && !isPng) return wrong('DATA_WRONG_FORMAT', 'is neither a JPEG nor a PNG picture');
  const end = isJpeg ? Buffer.from([0xff, 0xd9]) : Buffer.from('IEND');
  if (last.indexOf(end) < 0) return wrong('DATA_TRUNCATED', 'is truncated: its picture has no end');
  return ok(undefined);
}

function endsOf(path: string): Result<{ first: Buffer; last: Buffer }> {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const [first, last] = [Buffer.alloc(2), Buffer.alloc(Math.min(TAIL, size))];
    readSync(file, first, 0, 2, 0);
    readSync(file, last, 0, last.length, size - last.length);
    return ok({ first, last });
  } catch (error) {
    return fail('DATA_UNREADABLE', `cannot be read: ${(error as Error).message}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
