/**
 * Relabelling: a step labels an epoch of views, or some batches of a large one, and puts their file into the store at once;
 * images of large sets are read as they are seen. So neither state nor memory grows with epochs or images. What a file
 * holds is a function of the seed and its number: one that has gone from the store before the end is made again.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataFacts } from '../../data/registry.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { demandFinite } from '../finite.ts';
import { frozen } from '../frozen.ts';
import { programs } from '../programs.ts';
import type { Range } from '../shards.ts';
import { drawViews, type ViewRows, type ViewSettings, viewStreams } from '../soft-labels/draws.ts';
import { encodeViews, type LabelRows } from '../soft-labels/encode.ts';
import { batchesOfFile, type Keep, type SoftLabelFacts, viewsFile } from '../soft-labels/format.ts';
import { mixFeeds } from '../soft-labels/view.ts';
import type { StageContext, StageRun, StoredFile } from '../stage.ts';
import { openSyntheticRows } from '../synthetic-rows.ts';
import { syntheticDigest } from '../synthetic-set.ts';
import { labelParameters } from './parameters.ts';
import { type LabelSettings, labelProgram } from './program.ts';
import { storedLabels } from './stored-labels.ts';
import { LOWER_RATE, readTeachers, teacherFeeds } from './teachers.ts';

/** Rows that go through the teachers at a time: what a deep network at 224 px needs for them fits into little memory. */
const CHUNK = 50;

export async function openRelabel(context: StageContext): Promise<StageRun> {
  const { params, seed, data, inputs, shard, backend, files, report } = context;
  const set = unwrap(openDataFacts(data.set, data.folder));
  if (!inputs.images) throw new Error('Internal error: expected the input images');
  const { labels, rowsAt } = unwrap(openSyntheticRows(inputs.images, set));
  const teachers = readTeachers(inputs, set);
  const facts: SoftLabelFacts = {
    ...{ kind: 'views', set: set.name, classes: set.classes, height: set.height, width: set.width },
    ...{ count: labels.data.length, images: syntheticDigest(inputs.images) },
    teachers: teachers.map(({ digest }) => digest),
    ...labelParameters(params, set.classes),
  };
  const settings = { ...params, ...facts, mean: set.mean, std: set.std } as unknown as LabelSettings & ViewSettings;
  const whole = settings.statistics === 'batch' || (teachers.length > 1 && settings.ensemble === 'rescaled');
  const streams = viewStreams(seed, 'relabel');
  const compiled = programs(backend);
  const values = teacherFeeds(teachers);
  const { mix, batchSize } = facts;

  /** Labels of rows `from` to `to`, which lie in one batch. */
  const labelled = async (rows: ViewRows, from: number, to: number): Promise<Record<string, Tensor>> => {
    const own = Array.from({ length: to - from }, (_, row) => from + row);
    const seen = mix === 'none' ? own : [...own, ...rows.partner.subarray(from, to)];
    const batch = Math.floor(from / batchSize);
    const build = () => frozen(labelProgram(teachers, own.length, settings), values, backend);
    const program = await compiled.get(`${own.length}`, build);
    return program.run({
      images: rowsAt(seen.map((row) => rows.order[row] ?? 0)),
      box: floats(
        seen.flatMap((row) => [...rows.box.subarray(4 * row, 4 * row + 4)]),
        [seen.length, 4],
      ),
      mirrored: floats(seen.map((row) => rows.mirrored[row] ?? 0)),
      ...mixFeeds(
        { mixBox: rows.mixBox.subarray(4 * batch, 4 * batch + 4), mixLambda: rows.mixLambda[batch] ?? 1 },
        mix,
      ),
    });
  };

  const [firstEpoch, endEpoch] = (shard?.epochs ?? [0, params.epochs]) as unknown as Range;
  const batches = Math.ceil(facts.count / batchSize);
  const perFile = batchesOfFile(facts);
  const parts = Math.ceil(batches / perFile);
  /** What file `index` of this run holds. */
  const placeOf = (index: number) => {
    const [epoch, part] = [firstEpoch + Math.floor(index / parts), index % parts];
    return { epoch, part, range: [part * perFile, Math.min(batches, (part + 1) * perFile)] as const };
  };
  const nameOf = (index: number): string => {
    const { epoch, part } = placeOf(index);
    return viewsFile(epoch, parts > 1 ? part : undefined);
  };

  const labelFile = async (index: number): Promise<{ bytes: Uint8Array; agreement: number }> => {
    const { epoch, range } = placeOf(index);
    const rows = drawViews(streams, epoch, settings, range);
    const count = rows.order.length;
    const made = emptyRows(facts, count);
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(start + batchSize, count);
      const chunk = whole ? batchSize : CHUNK;
      for (let from = start; from < end; from += chunk) {
        const part = await labelled(rows, from, Math.min(from + chunk, end));
        const said = (part.logits ?? part.probabilities) as Tensor;
        demandFinite('relabel', index, { loss: 0, tensors: { labels: said } }, LOWER_RATE);
        if (part.logits) made.logits?.set(part.logits.data, from * facts.classes);
        if (part.classes) made.classes?.set(part.classes.data, from * facts.kept);
        if (part.probabilities) made.probabilities?.set(part.probabilities.data, from * facts.kept);
      }
    }
    return { bytes: encodeViews(epoch, rows, made, facts), agreement: agreementOf(made, rows.order, labels, facts) };
  };

  return {
    steps: (endEpoch - firstEpoch) * parts,
    init: () => ({ tensors: {}, values: { files: [], agreement: 0 } }),
    async step({ values: before }, index) {
      const { bytes, agreement } = await labelFile(index);
      report({ agreement });
      const [from, to] = placeOf(index).range;
      const share = (Math.min(facts.count, to * batchSize) - from * batchSize) / facts.count;
      return {
        tensors: {},
        values: {
          files: [...(before.files as JsonObject[]), { ...files.put(bytes) }],
          agreement: (before.agreement as number) + (share * agreement) / (endEpoch - firstEpoch),
        },
      };
    },
    async finish({ values: done }) {
      const made = done.files as unknown as StoredFile[];
      const labels = await storedLabels(files, made, nameOf, async (index) => (await labelFile(index)).bytes);
      return { artifacts: { labels: {} }, stored: { labels }, metrics: { agreement: done.agreement as number } };
    },
    close: compiled.close,
  };
}

function emptyRows({ classes, kept, keep }: SoftLabelFacts, count: number): LabelRows {
  if (keep === 'full') return { logits: new Float32Array(count * classes) };
  const probabilities: Keep[] = ['topk', 'smooth'];
  return {
    classes: new Int16Array(count * kept),
    ...(probabilities.includes(keep) && { probabilities: new Float32Array(count * kept) }),
  };
}

/** How often the teacher takes a view for the class of its own image; of mixed views it cannot always. */
function agreementOf(made: LabelRows, order: Int32Array, labels: Tensor, { classes, kept }: SoftLabelFacts): number {
  let right = 0;
  for (const [row, image] of order.entries()) {
    const logits = made.logits?.subarray(row * classes, (row + 1) * classes);
    const likeliest = logits ? logits.indexOf(Math.max(...logits)) : made.classes?.[row * kept];
    if (likeliest === labels.data[image]) right++;
  }
  return right / order.length;
}
