/** The networks whose logits are the labels, checked against the data set. */
import { FailureError, fail, unwrap } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { decodeTeacher, type Teacher } from '../../nn/onnx/teacher.ts';
import type { ArtifactReader } from '../stage.ts';

const FILE = 'network.onnx';

export interface LabelTeacher extends Teacher {
  /** SHA-256 of its file. */
  readonly digest: string;
}

/** Of a role that takes one stage or several, in the order of the experiment. */
export function readTeachers(inputs: Readonly<Record<string, ArtifactReader>>, data: DataSetFacts): LabelTeacher[] {
  return readersOf(inputs, 'teacher').map((reader) => readTeacher(reader, data));
}

export function readersOf(inputs: Readonly<Record<string, ArtifactReader>>, role: string): ArtifactReader[] {
  return Object.entries(inputs).flatMap(([name, reader]) =>
    name === role || name.startsWith(`${role}[`) ? [reader] : [],
  );
}

function readTeacher(reader: ArtifactReader, data: DataSetFacts): LabelTeacher {
  const teacher = unwrap(decodeTeacher(reader.read(FILE), FILE));
  const { channels, height, width, classes } = teacher.network.input;
  if (channels !== data.channels || height !== data.height || width !== data.width || classes !== data.classes)
    throw new FailureError(
      fail(
        'TEACHER_INPUT',
        `The teacher takes images [${channels}, ${height}, ${width}] of ${classes} classes, but those of ${data.title} are [${data.channels}, ${data.height}, ${data.width}] of ${data.classes}.`,
        { place: FILE, help: 'Train the teacher on the data set that the experiment names.' },
      ).error,
    );
  if (teacher.metadata.whitening !== undefined)
    throw new FailureError(
      fail('TEACHER_WHITENED', 'Views are labelled as pixels, but the teacher sees whitened ones.', {
        place: FILE,
        help: 'Train the teacher without `whitening`.',
      }).error,
    );
  return { ...teacher, digest: reader.describe(FILE).sha256 };
}
