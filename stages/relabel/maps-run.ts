/**
 * ReLabel's label maps (Yun et al., CVPR 2021): the last layer as a 1 x 1 convolution on the maps before the last pooling
 * gives scores at every place; the likeliest classes of each are kept. A step labels a run of images, a file of its own.
 */
import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import { openDataFacts } from '../../data/registry.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { add, matmul, reshape, takeAlong, topKIndices } from '../../tensor/ops/index.ts';
import { demandFinite } from '../finite.ts';
import { programs } from '../programs.ts';
import { encodeMaps } from '../soft-labels/encode.ts';
import { mapsFile, type SoftLabelFacts } from '../soft-labels/format.ts';
import type { StageContext, StageRun, StoredFile } from '../stage.ts';
import { openSyntheticRows } from '../synthetic-rows.ts';
import { syntheticDigest } from '../synthetic-set.ts';
import { labelParameters } from './parameters.ts';
import { storedLabels } from './stored-labels.ts';
import { type LabelTeacher, readTeachers } from './teachers.ts';

/** Images of a file. */
const RUN = 500;

export async function openLabelMaps(context: StageContext): Promise<StageRun> {
  const { params, data, inputs, backend, files } = context;
  const set = unwrap(openDataFacts(data.set, data.folder));
  if (!inputs.images) throw new Error('Internal error: expected the input images');
  const { labels, rowsAt } = unwrap(openSyntheticRows(inputs.images, set));
  const [teacher] = readTeachers(inputs, set) as [LabelTeacher];
  const facts: SoftLabelFacts = {
    ...{ kind: 'maps', set: set.name, classes: set.classes, height: set.height, width: set.width },
    ...{ count: labels.data.length, images: syntheticDigest(inputs.images), teachers: [teacher.digest] },
    ...labelParameters(params, set.classes),
  };
  mapsOf(teacher, 1);
  const compiled = programs(backend);

  const labelRun = async (part: number): Promise<Uint8Array> => {
    const first = part * RUN;
    const count = Math.min(RUN, facts.count - first);
    const chunk = 50;
    const classes: number[] = [];
    const scores: number[] = [];
    let shape: readonly number[] = [];
    for (let start = first; start < first + count; start += chunk) {
      const size = Math.min(chunk, first + count - start);
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
    demandFinite('relabel', part, { loss: 0, images: values }, 'Train the teacher with a lower `learningRate`.');
    return encodeMaps(
      first,
      { classes: Int16Array.from(classes), scores: values, shape: [count, ...shape.slice(1)] },
      facts,
    );
  };

  return {
    steps: Math.ceil(facts.count / RUN),
    init: () => ({ tensors: {}, values: { files: [] } }),
    async step({ values }, part) {
      const file = files.put(await labelRun(part));
      return { tensors: {}, values: { files: [...(values.files as JsonObject[]), { ...file }] } };
    },
    async finish({ values }) {
      const labels = await storedLabels(files, values.files as unknown as StoredFile[], mapsFile, labelRun);
      return { artifacts: { labels: {} }, stored: { labels }, metrics: {} };
    },
    close: compiled.close,
  };
}

/** Places of a map keep their order: [N, C, h·w] of W · maps + b, the K largest over C. */
function mapsProgram(teacher: LabelTeacher, count: number, kept: number): Record<string, Expr> {
  const { classes } = teacher.input;
  const maps = mapsOf(teacher, count);
  const [, features = 0, tall = 0, wide = 0] = maps.shape;
  const weight = reshape(teacher.weights['classifier.weight'] as Expr, [1, classes, features]);
  const bias = reshape(teacher.weights['classifier.bias'] as Expr, [1, classes, 1]);
  const scores = add(matmul(weight, reshape(maps, [count, features, tall * wide])), bias);
  const indices = topKIndices(scores, kept, 1);
  const shape = [count, kept, tall, wide];
  return { classes: reshape(indices, shape), scores: reshape(takeAlong(scores, indices, 1), shape) };
}

/** What the teacher pools over the whole image, of `count` images. */
function mapsOf({ input: { channels, height, width }, network, weights, title }: LabelTeacher, count: number): Expr {
  const maps = network?.apply(input('images', [count, channels, height, width]), weights, 'eval').maps;
  if (maps) return maps;
  throw new FailureError(
    fail(
      'TEACHER_WITHOUT_MAPS',
      `Label maps are read before the last pooling over the whole image, which is not known of this teacher, ${network ? 'a' : 'an'} ${title}.`,
      { help: 'Take a `resnet`, or a `convnet` with `head: globalAverage`, that was trained here; or label `views`.' },
    ).error,
  );
}
