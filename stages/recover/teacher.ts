/** The network that images are recovered from, checked against the data and for the statistics that recovery needs. */
import { FailureError, fail, type Result, unwrap } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { decodeTeacher, type Teacher } from '../../nn/onnx/teacher.ts';
import type { ArtifactReader } from '../stage.ts';

const FILE = 'network.onnx';

export function readTeacher(reader: ArtifactReader | undefined, data: DataSetFacts): Teacher {
  if (!reader) throw new Error('Internal error: expected the input teacher');
  const teacher = unwrap(decodeTeacher(reader.read(FILE), FILE));
  const { channels, height, width, classes } = teacher.network.input;
  if (channels !== data.channels || height !== data.height || width !== data.width || classes !== data.classes)
    refuse(
      fail(
        'TEACHER_INPUT',
        `The teacher takes images [${channels}, ${height}, ${width}] of ${classes} classes, but those of ${data.title} are [${data.channels}, ${data.height}, ${data.width}] of ${data.classes}.`,
        { place: FILE, help: 'Train the teacher on the data set that the experiment names.' },
      ),
    );
  if (teacher.metadata.whitening !== undefined)
    refuse(
      fail('TEACHER_WHITENED', 'Images are recovered as pixels, but the teacher sees whitened ones.', {
        place: FILE,
        help: 'Train the teacher without `whitening`.',
      }),
    );
  if (teacher.network.buffers.length === 0)
    refuse(
      fail(
        'TEACHER_WITHOUT_BATCH_NORM',
        `The teacher, a ${teacher.network.spec.kind}, has no batch norm, whose statistics images are recovered from.`,
        { place: FILE, help: 'Train it with `norm: batch`, or take a `resnet` with `norm: batch`.' },
      ),
    );
  return teacher;
}

function refuse(failure: Result<never>): never {
  if (failure.ok) throw new Error('Internal error: expected a failure');
  throw new FailureError(failure.error);
}
