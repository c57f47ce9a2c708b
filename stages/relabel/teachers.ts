/** The networks whose logits are the labels, our own or foreign ones, checked against the data set. */
import { FailureError, fail } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import type { Network } from '../../nn/network.ts';
import type { Expr } from '../../tensor/expr.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Classifier, classifierDigest, readClassifier } from '../classifier.ts';
import { listOf } from '../input-roles.ts';
import type { ArtifactReader } from '../stage.ts';

export interface LabelTeacher extends Classifier {
  /** SHA-256 of its file. */
  readonly digest: string;
}

/** What helps where labels are no numbers. */
export const LOWER_RATE = 'Train the teacher with a lower `learningRate`.';

/** Of a role that takes one stage or several, in the order of the experiment. */
export function readTeachers(inputs: Readonly<Record<string, ArtifactReader>>, data: DataSetFacts): LabelTeacher[] {
  return listOf(inputs, 'teacher').map((reader, index) => ({
    // They may have values of one name: theirs have their number before it.
    ...readClassifier(reader, data, `${index}.`),
    digest: classifierDigest(reader),
  }));
}

export function teacherFeeds(teachers: readonly LabelTeacher[]): Record<string, Tensor> {
  return Object.assign({}, ...teachers.map(({ values }) => values)) as Record<string, Tensor>;
}

/** `batch`: with the statistics of these very images, which only a network that is known as ours can take. */
export function logitsOf(teacher: LabelTeacher, images: Expr, statistics: 'running' | 'batch'): Expr {
  if (statistics === 'running') return teacher.apply(images).logits;
  return ownNetwork(teacher).apply(images, teacher.weights, 'train').logits;
}

/** The network, where it is one of ours and so known in train mode, too. */
export function ownNetwork({ network, title }: Classifier, place?: string): Network {
  if (network) return network;
  throw new FailureError(
    fail(
      'TEACHER_FOREIGN',
      `\`statistics: batch\` is of networks that were trained here; this teacher, an ${title}, keeps those of its training.`,
      {
        ...(place !== undefined && { place }),
        help: 'Write `statistics: running`, or train the teacher by a stage of kind `squeeze`.',
      },
    ).error,
  );
}
