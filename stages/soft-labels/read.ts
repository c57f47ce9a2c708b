/**
 * Soft labels read back a batch at a time, by the bytes of its rows. Opening reads every file's header, so that a file
 * that is cut short, missing or of other images is told before anything is trained; bytes that have changed are told when
 * the first row of their file is read.
 */
import { fail, ok, type Result, unwrap } from '../../base/result.ts';
import { fileTypes } from '../../tensor/files/file-types.ts';
import { readTensorHeader, type TensorFileHeader } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { firstNotFinite } from '../finite.ts';
import type { ArtifactReader } from '../stage.ts';
import { factsOf, type SoftLabelFacts, viewsFile } from './format.ts';
import { REPAIR, soundFiles } from './sound-files.ts';
import type { BatchRows } from './view.ts';

export interface LabelledBatch extends BatchRows {
  /** [n, C] */
  readonly logits?: Tensor;
  /** [n, K] */
  readonly classes?: Tensor;
  readonly probabilities?: Tensor;
}

export interface LabelMaps {
  /** Of the images asked for, each [K, h, w] in one table after the other. */
  readonly classes: Tensor;
  readonly scores: Tensor;
}

export interface SoftLabels {
  readonly facts: SoftLabelFacts;
  /** Of views; 0 of maps. */
  readonly epochs: number;
  batches(): number;
  batch(epoch: number, index: number): LabelledBatch;
  /** Rows of an epoch from `start` on that lie in one batch; of views that are not mixed. */
  rows(epoch: number, start: number, count: number): LabelledBatch;
  /** Which image each row of an epoch is of. */
  order(epoch: number): Int32Array;
  maps(images: ArrayLike<number>): LabelMaps;
}

interface LabelFile {
  readonly name: string;
  readonly header: TensorFileHeader;
}

/** Of an epoch in parts, one of them and its first row in the epoch. */
interface PartFile extends LabelFile {
  readonly from: number;
}

/** What labels must be of; what is left out is not looked at. */
export interface WantedLabels {
  readonly set: string;
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  readonly count: number;
  /** SHA-256 of the images' file. */
  readonly images: string;
  readonly teachers?: readonly string[];
}

export function openSoftLabels(reader: ArtifactReader, wanted: WantedLabels): Result<SoftLabels> {
  const files: LabelFile[] = [];
  let facts: SoftLabelFacts | undefined;
  for (const name of reader.files.filter((file) => file.endsWith('.safetensors')).sort()) {
    const header = readTensorHeader((from, to) => reader.read(name, { from, to }), reader.describe(name).bytes, name);
    if (!header.ok) return cutShort(header.error.message, name);
    const said = factsOf(header.value.metadata, name);
    if (!said.ok) return said;
    const problem = facts ? differing(facts, said.value, name) : foreign(said.value, wanted, name);
    if (problem) return problem;
    facts = said.value;
    files.push({ name, header: header.value });
  }
  if (!facts) return fail('SOFT_LABELS_NONE', 'There are no soft labels in what should be labels.');
  const sound = soundFiles(reader);
  return facts.kind === 'views' ? checkedViews(sound, files, facts) : checkedMaps(sound, files, facts);
}

function cutShort(reason: string, place: string): Result<never> {
  return fail('SOFT_LABELS_DAMAGED', `The soft labels in ${place} are damaged or were cut short. ${reason}.`, {
    place,
    help: REPAIR,
  });
}

function foreign(facts: SoftLabelFacts, wanted: WantedLabels, place: string): Result<never> | undefined {
  const no = (message: string, help: string) => fail('SOFT_LABELS_FOREIGN', message, { place, help });
  if (facts.classes !== wanted.classes)
    return no(
      `These soft labels are over ${facts.classes} classes, but the data set has ${wanted.classes}.`,
      'Take a teacher of the data set that the experiment names.',
    );
  if (facts.set !== wanted.set) return no(`These soft labels are of ${facts.set}, not of ${wanted.set}.`, SAME);
  if (facts.height !== wanted.height || facts.width !== wanted.width || facts.count !== wanted.count)
    return no(
      `These soft labels are of ${facts.count} images of ${facts.height} x ${facts.width}, but there are ${wanted.count} of ${wanted.height} x ${wanted.width}.`,
      SAME,
    );
  if (facts.images !== wanted.images)
    return no(
      `These soft labels are of other images: of those with SHA-256 ${facts.images.slice(0, 12)}…, not of ${wanted.images.slice(0, 12)}….`,
      SAME,
    );
  if (wanted.teachers && wanted.teachers.join() !== facts.teachers.join())
    return no('These soft labels are of another teacher than the one named here.', 'Name the teacher that made them.');
  return undefined;
}

const SAME = 'Give `relabel` and `evaluate` the same `images`.';

function differing(first: SoftLabelFacts, facts: SoftLabelFacts, place: string): Result<never> | undefined {
  if (JSON.stringify(first) === JSON.stringify(facts)) return undefined;
  return fail('SOFT_LABELS_FOREIGN', 'This file is of other labels than those beside it.', { place });
}

function checkedViews(reader: ArtifactReader, files: readonly LabelFile[], facts: SoftLabelFacts): Result<SoftLabels> {
  const epochs: PartFile[][] = [];
  for (const file of files) {
    const open = epochs.at(-1);
    const from = open ? endOf(open) : facts.count;
    const isNext = from >= facts.count;
    const [epoch, part] = isNext ? [epochs.length, 0] : [epochs.length - 1, open?.length ?? 0];
    if (file.name !== viewsFile(epoch, part) && (part > 0 || file.name !== viewsFile(epoch)))
      return missing(epoch, isNext ? 0 : from, viewsFile(epoch, part || undefined));
    const wrong = misshapen(file, facts);
    if (wrong) return wrong;
    if (isNext) epochs.push([{ ...file, from: 0 }]);
    else open?.push({ ...file, from });
    const end = endOf(epochs.at(-1) as PartFile[]);
    if (end > facts.count || (end < facts.count && end % facts.batchSize > 0))
      return cutShort(`it ends with view ${end} of ${facts.count}`, file.name);
  }
  const last = endOf(epochs.at(-1) as PartFile[]);
  if (last < facts.count) return missing(epochs.length - 1, last);
  const fileAt = (epoch: number, row: number) => epochs[epoch]?.findLast(({ from }) => from <= row) as PartFile;
  return ok({
    facts,
    epochs: epochs.length,
    batches: () => Math.ceil(facts.count / facts.batchSize),
    batch(epoch, index) {
      const start = index * facts.batchSize;
      const file = fileAt(epoch, start);
      return readBatch(reader, file, { start: start - file.from, rows: rowsIn(file) }, facts);
    },
    rows(epoch, start, count) {
      const file = fileAt(epoch, start);
      return readBatch(reader, file, { start: start - file.from, rows: start - file.from + count }, facts);
    },
    order(epoch) {
      const parts = (epochs[epoch] ?? []).map((file) => {
        const { data } = rowsOf(reader, file, 'order', 0, rowsIn(file));
        return within(data, facts.count, file, 'order');
      });
      return Int32Array.from(parts.flatMap((part) => [...part]));
    },
    maps: () => unwrap(fail('SOFT_LABELS_FOREIGN', 'These are labels of views, not label maps.')),
  });
}

const rowsIn = ({ header }: LabelFile): number => header.entries.get('order')?.shape[0] ?? 0;

function endOf(parts: readonly PartFile[]): number {
  const file = parts.at(-1);
  return file ? file.from + rowsIn(file) : 0;
}

function missing(epoch: number, from: number, place?: string): Result<never> {
  const rest = from > 0 ? ` from view ${from} on` : '';
  return fail('SOFT_LABELS_MISSING', `The labels of epoch ${epoch} are missing${rest}.`, {
    ...(place !== undefined && { place }),
    help: REPAIR,
  });
}

/** A file of views is some batches of an epoch, as many as its `order` says. */
function misshapen(
  file: LabelFile,
  { batchSize, classes, kept, keep, mix }: SoftLabelFacts,
): Result<never> | undefined {
  const count = rowsIn(file);
  const batches = Math.ceil(count / batchSize);
  const shapes: Record<string, readonly number[]> = {
    ...{ order: [count], box: [count, 4], mirrored: [count] },
    ...(mix !== 'none' && { partner: [count], mix_lambda: [batches] }),
    ...(mix === 'cutmix' && { mix_box: [batches, 4] }),
    ...(keep === 'full' ? { logits: [count, classes] } : { classes: [count, kept] }),
    ...((keep === 'topk' || keep === 'smooth') && { probabilities: [count, kept] }),
  };
  const wrong = Object.entries(shapes).find(
    ([part, shape]) => count === 0 || file.header.entries.get(part)?.shape.join() !== shape.join(),
  );
  return wrong && cutShort(`${wrong[0]} should be [${wrong[1]}]`, file.name);
}

/** The batch that begins at row `start` of a file. */
function readBatch(
  reader: ArtifactReader,
  file: LabelFile,
  { start, rows }: { readonly start: number; readonly rows: number },
  facts: SoftLabelFacts,
): LabelledBatch {
  const { count, batchSize, keep, mix, classes: all } = facts;
  const size = Math.min(batchSize, rows - start);
  const index = start / batchSize;
  const part = (name: string, from = start, rows = size) => rowsOf(reader, file, name, from, rows);
  const order = within(part('order').data, count, file, 'order');
  const partner = mix === 'none' ? new Int32Array(0) : Int32Array.from(part('partner').data, (row) => row - start);
  within(partner, size, file, 'partner');
  const classes = keep === 'full' ? undefined : part('classes');
  if (classes) within(classes.data, all, file, 'classes');
  const numbers = (name: string) => finite(part(name), file, name);
  return {
    ...{ order, partner },
    box: Int16Array.from(part('box').data),
    mirrored: Uint8Array.from(part('mirrored').data),
    mixBox: mix === 'cutmix' ? Int16Array.from(part('mix_box', index, 1).data) : new Int16Array(0),
    mixLambda: mix === 'none' ? 1 : (part('mix_lambda', index, 1).data[0] ?? 1),
    ...(keep === 'full' && { logits: numbers('logits') }),
    ...(classes && { classes }),
    ...((keep === 'topk' || keep === 'smooth') && { probabilities: numbers('probabilities') }),
  };
}

/** Whole numbers from 0 to `bound`: they become places in tables. */
function within(values: ArrayLike<number>, bound: number, { name }: LabelFile, what: string): Int32Array {
  const checked = Int32Array.from(values);
  if (!checked.every((value) => value >= 0 && value < bound))
    unwrap(cutShort(`${what} holds numbers beyond ${bound - 1}`, name));
  return checked;
}

/** What other programs have written may be none. */
function finite(values: Tensor, { name }: LabelFile, what: string): Tensor {
  if (firstNotFinite({ [what]: values }) !== undefined) unwrap(cutShort(`${what} holds numbers that are none`, name));
  return values;
}

function rowsOf(
  reader: ArtifactReader,
  { name, header }: LabelFile,
  part: string,
  start: number,
  count: number,
): Tensor {
  const entry = header.entries.get(part);
  if (!entry) throw new Error(`Internal error: expected ${part} in ${name}`);
  const [rows = 1, ...rest] = entry.shape;
  const size = (entry.to - entry.from) / Math.max(1, rows);
  const from = entry.from + start * size;
  const read = fileTypes[entry.dtype].read(reader.read(name, { from, to: from + count * size }), [count, ...rest]);
  return read ?? unwrap(cutShort(`${part} holds whole numbers over 2^31`, name));
}

function checkedMaps(reader: ArtifactReader, files: readonly LabelFile[], facts: SoftLabelFacts): Result<SoftLabels> {
  /** Of each image, its file and its row there. */
  const places: { readonly file: LabelFile; readonly row: number }[] = [];
  const firstOf = ({ header }: LabelFile) => Number(header.metadata.first);
  for (const file of files.toSorted((a, b) => firstOf(a) - firstOf(b))) {
    const { name, header } = file;
    const shape = header.entries.get('scores')?.shape ?? [];
    if (firstOf(file) !== places.length)
      return fail('SOFT_LABELS_MISSING', `The label maps of image ${places.length} are missing.`, { place: name });
    if (shape.length !== 4 || shape[1] !== facts.kept || header.entries.get('classes')?.shape.join() !== shape.join())
      return cutShort('its maps have no proper shape', name);
    for (let row = 0; row < (shape[0] ?? 0); row++) places.push({ file, row });
  }
  if (places.length !== facts.count)
    return fail('SOFT_LABELS_MISSING', `There are label maps of ${places.length} images of ${facts.count}.`);
  return ok({
    facts,
    epochs: 0,
    batches: () => Math.ceil(facts.count / facts.batchSize),
    ...{ batch: noViews, rows: noViews, order: noViews },
    maps(images) {
      const parts = Array.from(images, (image) => {
        const place = places[image];
        if (!place) throw new Error(`Internal error: expected one of ${places.length} images, got ${image}`);
        const { file, row } = place;
        const classes = rowsOf(reader, file, 'classes', row, 1);
        within(classes.data, facts.classes, file, 'classes');
        return { classes, scores: finite(rowsOf(reader, file, 'scores', row, 1), file, 'scores') };
      });
      const shape = [parts.length, ...(parts[0]?.scores.shape.slice(1) ?? [])];
      return {
        classes: { dtype: 'int', shape, data: Int32Array.from(parts.flatMap(({ classes }) => [...classes.data])) },
        scores: { dtype: 'float', shape, data: Float32Array.from(parts.flatMap(({ scores }) => [...scores.data])) },
      };
    },
  });
}

function noViews(): never {
  return unwrap(fail('SOFT_LABELS_FOREIGN', 'These are label maps, not labels of views.'));
}
