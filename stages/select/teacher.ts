/** A network that another stage has trained, as what coresets look through: checked against the data and the space of images. */
import { FailureError, fail, type Result, unwrap } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { decodeTeacher, type Teacher } from '../../nn/onnx/teacher.ts';
import type { ArtifactReader } from '../stage.ts';

const FILE = 'network.onnx';

/** `whitening`: digest of the fit in whose space this stage sees images. */
export function readEmbeddingNetwork(
  reader: ArtifactReader,
  data: DataSetFacts,
  whitening: string | undefined,
): Teacher {
  const teacher = unwrap(decodeTeacher(reader.read(FILE), FILE));
  const { channels, height, width } = teacher.network.input;
  if (channels !== data.channels || height !== data.height || width !== data.width)
    refuse(
      'NETWORK_IMAGES',
      `The network takes images [${channels}, ${height}, ${width}], but those of ${data.title} are [${data.channels}, ${data.height}, ${data.width}].`,
      'Train it on the data set that the experiment names.',
    );
  if (teacher.metadata.whitening !== whitening)
    refuse(
      'NETWORK_WHITENING',
      'The network was trained on images of another space (another ZCA fit, or none on one side).',
      'Give it and this stage the same `whitening`, or neither.',
    );
  return teacher;
}

function refuse(code: string, message: string, help: string): never {
  const refused: Result<never> = fail(code, message, { place: FILE, help });
  throw new FailureError(refused.error);
}
