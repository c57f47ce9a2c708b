/**
 * A trained classifier as stages read it that only look through it: ours, or a foreign ONNX network. Both give logits and,
 * layer by layer, what enters each convolution and batch norm; a program is fed `values` under their own names.
 */
import { FailureError, fail, type Result, unwrap } from '../base/result.ts';
import type { DataSetFacts } from '../data/data-set.ts';
import type { BatchStatistics } from '../nn/layers.ts';
import type { Network, NetworkInput } from '../nn/network.ts';
import { type FrozenNetwork, readFrozenNetwork } from '../nn/onnx/frozen-network.ts';
import { decodeTeacher, type Teacher } from '../nn/onnx/teacher.ts';
import { networkHead, type PooledHead, pooledHead, scoreMaps } from '../nn/score-maps.ts';
import { type Expr, input } from '../tensor/expr.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { firstNotFinite } from './finite.ts';
import type { ArtifactReader } from './stage.ts';

/** A convolution or batch norm, in the order of use. */
export interface ClassifierLayer {
  /** [N, C, H, W] */
  readonly input: Expr;
  /** Of a batch norm: its statistics in this pass, and those it was trained on. */
  readonly norm?: { readonly batch: BatchStatistics; readonly running: BatchStatistics };
}

export interface Classifier {
  /** For messages: `convnet`, `ONNX network`. */
  readonly title: string;
  readonly input: NetworkInput;
  readonly values: Readonly<Record<string, Tensor>>;
  /** Of a foreign file: what its user should know. */
  readonly notes: readonly string[];
  /** Where it is ours, and so known in either mode. */
  readonly network?: Network;
  /** Its parameters and buffers by their own names, as they are inputs of a program over it. */
  readonly weights: Readonly<Record<string, Expr>>;
  /** In eval mode. */
  apply(images: Expr): { readonly logits: Expr; readonly layers: readonly ClassifierLayer[] };
  /** The linear layer at its end, and the maps whose average it reads; a failure says in half a sentence what it has instead. */
  head(images: Expr): Result<PooledHead>;
}

const FILE = 'network.onnx';

/** What tells this teacher from others. */
export function classifierDigest(reader: Pick<ArtifactReader, 'describe'>): string {
  return reader.describe(FILE).sha256;
}

/** Checked against the data that it is to look at. `prefix`: before the names of its values, where a program has several. */
export function readClassifier(reader: ArtifactReader, data: DataSetFacts, prefix = ''): Classifier {
  return classifierOf(reader.read(FILE), FILE, data, prefix);
}

export function classifierOf(bytes: Uint8Array, place: string, data: DataSetFacts, prefix = ''): Classifier {
  const own = decodeTeacher(bytes, place);
  const found =
    own.ok || own.error.code !== 'TEACHER_FOREIGN'
      ? ofTeacher(unwrap(own), prefix)
      : ofFrozen(unwrap(readFrozenNetwork(bytes, { place, size: [data.height, data.width] })), prefix);
  demandInput(found.input, data, place);
  demandNumbers(found.values, place);
  if (own.ok && own.value.metadata.whitening !== undefined)
    throw refusal(
      fail('TEACHER_WHITENED', 'Images are seen as pixels here, but the teacher sees whitened ones.', {
        place,
        help: 'Train the teacher without `whitening`.',
      }),
    );
  return found;
}

/** Images and classes of the data set, or a failure that says both sides. */
export function demandInput(own: NetworkInput, data: DataSetFacts, place: string): void {
  const { channels, height, width, classes } = own;
  const sized = channels === data.channels && height === data.height && width === data.width;
  if (!sized || classes !== data.classes)
    throw refusal(
      fail(
        'TEACHER_INPUT',
        `The teacher takes images [${channels}, ${height}, ${width}] of ${classes} classes, but those of ${data.title} are [${data.channels}, ${data.height}, ${data.width}] of ${data.classes}.`,
        {
          place,
          help: sized
            ? 'Take a teacher of these classes, or name the data set that it was trained on.'
            : 'Train the teacher on the data set that the experiment names.',
        },
      ),
    );
}

/** A file that was damaged where its weights are still reads as a network. */
function demandNumbers(values: Classifier['values'], place: string): void {
  if (firstNotFinite(values) === undefined) return;
  // Bounds may be infinite.
  const wrong = Object.entries(values).find(([, { dtype, data }]) => dtype === 'float' && data.some(Number.isNaN));
  if (!wrong) return;
  throw refusal(
    fail('TEACHER_NOT_FINITE', `The values \`${wrong[0].replace(WEIGHT, '')}\` of the teacher are no numbers.`, {
      place,
      help: 'The file is damaged, or its training had failed: export or copy it again.',
    }),
  );
}

/** Of a teacher whose norms are all that is left of the data. */
export function demandBatchNorm(classifier: Classifier, place = FILE): void {
  const {
    title,
    notes,
    input: { channels, height, width },
    apply,
  } = classifier;
  const { layers } = apply(input('images', [1, channels, height, width]));
  if (layers.some(({ norm }) => norm)) return;
  throw refusal(
    fail(
      'TEACHER_WITHOUT_BATCH_NORM',
      `The teacher, ${title === 'ONNX network' ? 'an' : 'a'} ${title}, has no batch norm, whose statistics images are recovered from.`,
      {
        place,
        help:
          notes.length > 0
            ? `${notes.join(' ')} Or recover by \`method: g-vbsm\`, which also reads convolutions.`
            : 'Train it with `norm: batch`, take a `resnet` with `norm: batch`, or recover by `method: g-vbsm`, which also reads convolutions.',
      },
    ),
  );
}

/** Its scores at every place of the maps that it averages last, [N, classes, h, w]. */
export function scoreMapsOf({ title, head }: Classifier, images: Expr, place = FILE): Expr {
  const found = head(images);
  if (found.ok) return scoreMaps(found.value);
  throw refusal(
    fail(
      'TEACHER_WITHOUT_MAPS',
      `Label maps are read where a network averages its maps over the whole image before one linear layer; of this teacher, ${title === 'ONNX network' ? 'an' : 'a'} ${title}, ${found.error.message}.`,
      {
        place,
        help: 'Take a network that ends in an average and one linear layer (a `resnet`, a `convnet` with `head: globalAverage`, an ONNX file of GlobalAveragePool, Flatten and Gemm), or label `views`.',
      },
    ),
  );
}

function ofTeacher({ network, values }: Teacher, prefix: string): Classifier {
  const { weights, named } = inputsFor(values, prefix);
  return {
    ...{ title: network.spec.kind, input: network.input, values: named, notes: [], network, weights },
    apply(images) {
      const { logits, inputs, statistics } = network.apply(images, weights, 'eval');
      const layers = Object.entries(inputs).map(([name, entering]): ClassifierLayer => {
        const [batch, mean, variance] = [
          statistics[name],
          weights[`${name}.running_mean`],
          weights[`${name}.running_var`],
        ];
        return batch && mean && variance
          ? { input: entering, norm: { batch, running: { mean, variance } } }
          : { input: entering };
      });
      return { logits, layers };
    },
    head: (images) => networkHead(network, images, weights),
  };
}

/** Whatever its file calls a weight, it must not be mistaken for another input of a program. */
const WEIGHT = 'weight:';

function ofFrozen(frozen: FrozenNetwork, prefix: string): Classifier {
  const { weights, named } = inputsFor(frozen.values, prefix + WEIGHT);
  return {
    ...{ title: 'ONNX network', input: frozen.input, notes: frozen.notes, values: named, weights },
    apply(images) {
      const { logits, layers } = unwrap(frozen.apply(images, weights));
      return {
        logits,
        layers: layers
          .filter(({ input: entering }) => entering.shape.length === 4)
          .map(({ input: entering, norm }) =>
            norm ? { input: entering, norm: { batch: norm.statistics, running: norm.running } } : { input: entering },
          ),
      };
    },
    head: (images) => pooledHead(unwrap(frozen.apply(images, weights)).logits, images),
  };
}

/** `weights` by their own names, as inputs that are called as the values in `named`. */
function inputsFor(values: Readonly<Record<string, Tensor>>, prefix: string) {
  const entries = Object.entries(values);
  return {
    weights: Object.fromEntries(entries.map(([name, { shape }]) => [name, input(prefix + name, shape)])),
    named: Object.fromEntries(entries.map(([name, value]) => [prefix + name, value])),
  };
}

function refusal(failure: Result<never>): FailureError {
  if (failure.ok) throw new Error('Internal error: expected a failure');
  return new FailureError(failure.error);
}
