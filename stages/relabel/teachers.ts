/** The networks whose logits are the labels, checked against the data set. */
import { FailureError, fail, unwrap } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { decodeTeacher, type Teacher } from '../../nn/onnx/teacher.ts';
import { classifierDigest, demandInput } from '../classifier.ts';
import { listOf } from '../input-roles.ts';
import type { ArtifactReader } from '../stage.ts';

const FILE = 'network.onnx';

export interface LabelTeacher extends Teacher {
  /** SHA-256 of its file. */
  readonly digest: string;
}

/** Of a role that takes one stage or several, in the order of the experiment. */
export function readTeachers(inputs: Readonly<Record<string, ArtifactReader>>, data: DataSetFacts): LabelTeacher[] {
  return listOf(inputs, 'teacher').map((reader) => readTeacher(reader, data));
}

function readTeacher(reader: ArtifactReader, data: DataSetFacts): LabelTeacher {
  const teacher = unwrap(decodeTeacher(reader.read(FILE), FILE));
  demandInput(teacher.network.input, data, FILE);
  if (teacher.metadata.whitening !== undefined)
    throw new FailureError(
      fail('TEACHER_WHITENED', 'Views are labelled as pixels, but the teacher sees whitened ones.', {
        place: FILE,
        help: 'Train the teacher without `whitening`.',
      }).error,
    );
  return { ...teacher, digest: classifierDigest(reader) };
}
