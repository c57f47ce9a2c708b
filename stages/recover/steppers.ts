/** What differs between the methods in a step: which network sees the batch, and what is carried from batch to batch. */

import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { densification } from '../../methods/gvbsm-densification.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { input } from '../../tensor/expr.ts';
import type { RandomStream } from '../../tensor/random/stream.ts';
import { floats, scalar, type Tensor } from '../../tensor/tensor.ts';
import { type Classifier, classifierDigest, demandBatchNorm, readClassifier } from '../classifier.ts';
import { frozen } from '../frozen.ts';
import { listOf } from '../input-roles.ts';
import { programs } from '../programs.ts';
import type { ArtifactReader } from '../stage.ts';
import { readStatistics } from '../statistics/file.ts';
import type { Batch } from './batches.ts';
import { gvbsmProgram, layerStatistics, rowsProgram } from './gvbsm-program.ts';
import { recoverProgram, type StepSettings } from './program.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export interface Stepper {
  /** Carried over batches, from the first one on. */
  carried(): Tensors;
  /** `fed`: images, optimiser, labels, rate and view; `carried` as it was after the step before. */
  step(fed: Tensors, carried: Tensors, at: { index: number; batch: Batch; coarse: boolean }): Promise<Stepped>;
  close(): void;
}

export interface Stepped {
  readonly images: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
  readonly carried: Tensors;
  readonly figures: Readonly<Record<'loss' | 'crossEntropy' | 'batchNorm', number>>;
}

export interface StepperContext {
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, ArtifactReader>>;
  readonly set: DataSetFacts;
  readonly backend: Backend;
  readonly settings: StepSettings;
  /** Of convolutions that are left out. */
  readonly drops: RandomStream;
}

export function openStepper(context: StepperContext): Stepper {
  return context.params.method === 'g-vbsm' ? gvbsm(context) : sre2l(context);
}

function sre2l({ inputs, set, backend, settings }: StepperContext): Stepper {
  const [reader] = listOf(inputs, 'teacher');
  const teacher = readClassifier(reader as ArtifactReader, set);
  demandBatchNorm(teacher);
  const compiled = programs(backend);
  return {
    carried: () => ({}),
    async step(fed, _, { batch, coarse }) {
      const build = () => frozen(recoverProgram(teacher, settings, batch.length, coarse), teacher.values, backend);
      const program = await compiled.get(`${batch.length} ${coarse}`, build);
      return stepped(await program.run(fed), {});
    },
    close: compiled.close,
  };
}

function gvbsm({ params, inputs, set, backend, settings, drops }: StepperContext): Stepper {
  const [temperature, weight] = [params.temperature as number, params.densification as number];
  const dropRate = params.dropRate as number;
  const backbones = listOf(inputs, 'teacher').map((reader) =>
    backbone(readClassifier(reader, set), classifierDigest(reader), listOf(inputs, 'statistics')),
  );
  const compiled = programs(backend);
  return {
    carried: () =>
      Object.fromEntries(
        backbones.flatMap(({ start }, index) =>
          Object.entries(start).map(([name, value]) => [`average.${index}.${name}`, value]),
        ),
      ),
    async step(fed, carried, { index, batch, coarse }) {
      const turn = index % backbones.length;
      const { teacher, patch, targets, start, convolutions } = backbones[turn] as Backbone;
      const meet = weight > 0 && new Set(batch.map(({ label }) => label)).size < batch.length;
      const own = {
        ...settings,
        dropRate,
        patch,
        momentum: params.momentum as number,
        densification: meet ? weight : 0,
      };
      const name = `${turn} ${batch.length} ${coarse} ${meet}`;
      const dense = meet ? await densified(fed, { teacher, batch, coarse, name }) : undefined;
      const program = await compiled.get(name, () => gvbsmProgram(teacher, own, batch.length, coarse));
      const before = Object.keys(start).map((key) => [`average.${key}`, carried[`average.${turn}.${key}`] as Tensor]);
      const u = drops.uniform(index, convolutions.length);
      const keep =
        dropRate > 0 ? convolutions.map((at, i) => [`keep.${at}`, scalar((u[i] ?? 0) < dropRate ? 0 : 1)]) : [];
      const result = await program.run({
        ...{ ...teacher.values, ...fed, ...targets },
        ...{ ...Object.fromEntries(before), ...Object.fromEntries(keep) },
        ...(dense && { cotangent: dense.cotangent }),
      });
      const after = Object.keys(start).map((key) => [`average.${turn}.${key}`, result[`average.${key}`] as Tensor]);
      return stepped(result, { ...carried, ...Object.fromEntries(after) }, weight * (dense?.loss ?? 0));
    },
    close: compiled.close,
  };

  /** Eigenvalues are no operation of a graph: they are taken between two programs. */
  async function densified(
    fed: Tensors,
    { teacher, batch, coarse, name }: { teacher: Classifier; batch: Batch; coarse: boolean; name: string },
  ) {
    const program = await compiled.get(`rows ${name.slice(name.indexOf(' '))}`, () =>
      rowsProgram(teacher, settings, batch.length, coarse),
    );
    const { labels, first, second, rate, correction1, correction2, ...seen } = fed;
    const { rows } = await program.run(seen);
    return unwrap(
      densification(
        rows as Tensor,
        batch.map(({ label }) => label),
        temperature,
      ),
    );
  }
}

interface Backbone {
  readonly teacher: Classifier;
  readonly patch: number;
  /** By `target.layer.statistic`. */
  readonly targets: Tensors;
  /** Averages at 0, by `layer.statistic`. */
  readonly start: Tensors;
  /** Which layers are convolutions. */
  readonly convolutions: readonly number[];
}

function backbone(teacher: Classifier, digest: string, readers: readonly ArtifactReader[]): Backbone {
  const found = readers.flatMap((reader) => readStatistics(reader)).find((one) => one.teacher === digest);
  if (!found)
    throw new FailureError(
      fail('STATISTICS_OF_ANOTHER_TEACHER', `The statistics say nothing of the teacher, a ${teacher.title}.`, {
        help: 'Let the stage `statistics` read the same teachers as `recover`.',
      }).error,
    );
  const { channels, height, width } = teacher.input;
  const { layers } = teacher.apply(input('images', [1, channels, height, width]));
  const start = layers.flatMap((layer, index) =>
    Object.entries(layerStatistics(layer, found.patch)).map(
      ([
        name,
        {
          shape: [length = 0],
        },
      ]) => [`${index}.${name}`, floats(new Float32Array(length), [length])],
    ),
  );
  return {
    ...{ teacher, patch: found.patch, start: Object.fromEntries(start) },
    targets: Object.fromEntries(Object.entries(found.tensors).map(([name, value]) => [`target.${name}`, value])),
    convolutions: layers.flatMap(({ norm }, index) => (norm ? [] : [index])),
  };
}

function stepped(result: Tensors, carried: Tensors, more = 0): Stepped {
  const figure = (name: string): number => result[name]?.data[0] ?? Number.NaN;
  const { images, first, second } = result as Record<'images' | 'first' | 'second', Tensor>;
  return {
    ...{ images, first, second, carried },
    figures: {
      loss: figure('loss') + more,
      crossEntropy: figure('crossEntropy'),
      batchNorm: figure('batchNorm'),
    },
  };
}
