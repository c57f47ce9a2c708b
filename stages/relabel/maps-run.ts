/**
 * ReLabel's label maps (Yun et al., CVPR 2021): the last layer as a 1 x 1 convolution on the maps before the last pooling
 * gives scores at every place; the likeliest classes of each are kept. A step labels a run of images, a file of its own. A map
 * hangs on its image alone, so a shard is a run of images.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataFacts } from '../../data/registry.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { reshape, takeAlong, topKIndices } from '../../tensor/ops/index.ts';
import { floats } from '../../tensor/tensor.ts';
import { scoreMapsOf } from '../classifier.ts';
import { demandFinite } from '../finite.ts';
import { programs } from '../programs.ts';
import { type Range, rangesOf } from '../shards.ts';
import { encodeMaps } from '../soft-labels/encode.ts';
import { mapsFile, type SoftLabelFacts } from '../soft-labels/format.ts';
import type { StageContext, StageRun, StoredFile } from '../stage.ts';
import { openSyntheticRows } from '../synthetic-rows.ts';
import { syntheticDigest } from '../synthetic-set.ts';
import { labelParameters } from './parameters.ts';
import { storedLabels } from './stored-labels.ts';
import { type LabelTeacher, LOWER_RATE, readTeachers } from './teachers.ts';

/** Images of a file. */
const RUN = 500;
/** Images that go through the teacher at a time. */
const CHUNK = 50;

export async function openLabelMaps(context: StageContext): Promise<StageRun> {
  const { params, data, inputs, shard, backend, files } = context;
  const set = unwrap(openDataFacts(data.set, data.folder));
  if (!inputs.images) throw new Error('Internal error: expected the input images');
  const { labels, rowsAt } = unwrap(openSyntheticRows(inputs.images, set));
  const [teacher] = readTeachers(inputs, set) as [LabelTeacher];
  const facts: SoftLabelFacts = {
    ...{ kind: 'maps', set: set.name, classes: set.classes, height: set.height, width: set.width },
    ...{ count: labels.data.length, images: syntheticDigest(inputs.images), teachers: [teacher.digest] },
    ...labelParameters(params, set.classes),
  };
  // What the teacher lacks for maps is told before anything is labelled.
  mapsProgram(teacher, 1, facts.kept);
  const compiled = programs(backend);
  const [begin, end] = (shard?.images ?? [0, facts.count]) as unknown as Range;
  if (end > facts.count) throw new Error(`Internal error: expected ${end} images or more, got ${facts.count}`);
  const runs = rangesOf(end - begin, RUN).map(([from, to]): Range => [begin + from, begin + to]);
  const nameOf = (part: number): string => mapsFile(shard ? (runs[part] as Range) : part);

  const labelRun = async (part: number): Promise<Uint8Array> => {
    const [first, last] = runs[part] as Range;
    const classes: number[] = [];
    const scores: number[] = [];
    let shape: readonly number[] = [];
    for (let start = first; start < last; start += CHUNK) {
      const size = Math.min(CHUNK, last - start);
      const program = await compiled.get(`${size}`, () => mapsProgram(teacher, size, facts.kept));
      const made = await program.run({
        ...teacher.values,
        images: rowsAt(Array.from({ length: size }, (_, row) => start + row)),
      });
      if (!made.classes || !made.scores) throw new Error('Internal error: expected maps');
      // One image after the other, and not one chunk: large maps are no argument list.
      for (const label of made.classes.data) classes.push(label);
      for (const score of made.scores.data) scores.push(score);
      shape = made.scores.shape;
    }
    const values = Float32Array.from(scores);
    demandFinite('relabel', part, { loss: 0, tensors: { labels: floats(values, [values.length]) } }, LOWER_RATE);
    return encodeMaps(
      first,
      { classes: Int16Array.from(classes), scores: values, shape: [last - first, ...shape.slice(1)] },
      facts,
    );
  };

  return {
    steps: runs.length,
    init: () => ({ tensors: {}, values: { files: [] } }),
    async step({ values }, part) {
      const file = files.put(await labelRun(part));
      return { tensors: {}, values: { files: [...(values.files as JsonObject[]), { ...file }] } };
    },
    async finish({ values }) {
      const labels = await storedLabels(files, values.files as unknown as StoredFile[], nameOf, labelRun);
      return { artifacts: { labels: {} }, stored: { labels }, metrics: {} };
    },
    close: compiled.close,
  };
}

/** Places of a map keep their order: of its scores [N, C, h, w] the K largest over C. */
function mapsProgram(teacher: LabelTeacher, count: number, kept: number): Record<string, Expr> {
  const { channels, height, width } = teacher.input;
  const maps = scoreMapsOf(teacher, input('images', [count, channels, height, width]));
  const [, classes = 0, tall = 0, wide = 0] = maps.shape;
  const scores = reshape(maps, [count, classes, tall * wide]);
  const indices = topKIndices(scores, kept, 1);
  const shape = [count, kept, tall, wide];
  return { classes: reshape(indices, shape), scores: reshape(takeAlong(scores, indices, 1), shape) };
}
