/** A classifier that somebody else has trained, as an ONNX file: a teacher like those of `squeeze`. */
import { METRICS_BYTES } from '../bytes/files.ts';
import type { StageKind } from '../stage.ts';

export const importNetwork: StageKind = {
  kind: 'import',
  version: 1,
  description:
    'Reads an image classifier out of an ONNX file (of PyTorch, say) and tests it: a teacher for other stages.',
  parameters: {
    type: 'object',
    properties: {
      file: {
        type: 'string',
        minLength: 1,
        description:
          'The ONNX file, relative to the experiment; part of the key by content. To keep its batch norms, export with `training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, dynamo=False` and a dynamic batch size.',
        examples: ['resnet18.onnx'],
      },
      batchSize: {
        ...{ type: 'integer', minimum: 1, maximum: 65_536, default: 100 },
        description: 'Test images that it sees at once.',
      },
    },
    required: ['file'],
  },
  inputs: {},
  figures: ['accuracy'],
  outputs: {
    network: { type: 'network', description: 'The network as it was.' },
    metrics: { type: 'metrics', description: 'Its accuracy on the test images, normalised as the data set is here.' },
  },
  userFiles: {
    list: 'file',
    check: async (...given) => (await import('./check.ts')).checkClassifier(...given),
  },
  replicates: [],
  usesData: true,
  threads: 2,
  // The network is kept as it was; a file that is not there is told by the check.
  bytes: ({ fileBytes }) => (typeof fileBytes === 'number' ? fileBytes + METRICS_BYTES : undefined),
  async open(context) {
    return (await import('./run.ts')).openImport(context);
  },
};
