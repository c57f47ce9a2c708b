/** The file is read and fitted to the data first; then each step tests it on a batch, so that a wrong one shows at once. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import { normalised } from '../../data/normalise.ts';
import { openDataSet } from '../../data/registry.ts';
import { input } from '../../tensor/expr.ts';
import { classifierOf } from '../classifier.ts';
import { programs } from '../programs.ts';
import type { StageContext, StageRun } from '../stage.ts';

export async function openImport({ params, data, backend, folder, report }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder, { streamed: true }));
  const { path, bytes } = fileOf(params.file as string | JsonObject, folder);
  const classifier = classifierOf(bytes, path, set);
  const { channels, height, width } = set;
  const [size, total] = [params.batchSize as number, set.test.count];
  const batchAt = (index: number): Int32Array =>
    Int32Array.from({ length: Math.max(0, Math.min(size, total - index * size)) }, (_, place) => index * size + place);
  const compiled = programs(backend);
  return {
    steps: Math.ceil(total / size),
    init: () => ({ tensors: {}, values: { right: 0 } }),
    async step({ values }, index) {
      const count = batchAt(index).length;
      const program = await compiled.get(`${count}`, () => {
        const { logits } = classifier.apply(input('images', [count, channels, height, width]));
        return { logits };
      });
      const chosen = batchAt(index);
      const images = normalised(set, set.test, chosen, batchAt(index + 1));
      const { logits } = await program.run({ ...classifier.values, images });
      const rowOf = (place: number) =>
        Array.from(logits?.data ?? []).slice(place * set.classes, (place + 1) * set.classes);
      const found = [...chosen].filter((image, place) => {
        const row = rowOf(place);
        return row.indexOf(Math.max(...row)) === set.test.labels[image];
      }).length;
      const right = (values.right as number) + found;
      report({ accuracy: right / (index * size + count) });
      return { tensors: {}, values: { right } };
    },
    finish({ values }) {
      const metrics = { accuracy: (values.right as number) / total };
      const file = new TextEncoder().encode(`${JSON.stringify({ ...metrics, testImages: total }, null, 2)}\n`);
      return { artifacts: { network: { 'network.onnx': bytes }, metrics: { 'metrics.json': file } }, metrics };
    },
    close: compiled.close,
  };
}

/** As it was when the plan was made. */
function fileOf(file: string | JsonObject, folder = '.'): { path: string; bytes: Uint8Array } {
  const [path = '', digest] = typeof file === 'string' ? [file] : (Object.entries(file)[0] as [string, string]);
  const place = resolve(folder, path);
  const bytes = readFileSync(place);
  if (digest !== undefined && sha256(bytes) !== digest)
    throw new FailureError(
      fail('FILE_CHANGED', `The file \`${path}\` has changed since the run was planned.`, {
        place,
        help: 'Start the run again.',
      }).error,
    );
  return { path: place, bytes };
}
