/** The stage of a node, opened for one attempt: its kind found, its inputs and its backend at hand. */
import { unwrap } from '../../../base/result.ts';
import type { StageRun, StepFiles } from '../../../stages/stage.ts';
import type { Metrics } from '../../events.ts';
import { objectSize, putObject, readObject, readObjectPart } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';
import type { AttemptRequest } from '../executor.ts';
import { backendFor, watchedBackendFor } from './backends.ts';
import { explaining } from './debug-nan.ts';
import { readInputs } from './inputs.ts';
import { openMerge } from './merge.ts';
import { findStageKind } from './stage-kinds.ts';

export async function openStage(
  store: Store,
  { node, data, backend, folder, stageModules, debugNan }: AttemptRequest,
  report: (figures: Metrics) => void,
  warn: (message: string) => void,
): Promise<StageRun> {
  const findKind = (kind: string) => findStageKind(kind, stageModules);
  const stage = await findKind(node.manifest.stage);
  if (node.manifest.merge) return openMerge(store, node, stage);
  const watch = debugNan ? watchedBackendFor(backend, node) : undefined;
  const opened = await stage.open({
    params: node.params,
    seed: node.manifest.seed ?? { base: 0 },
    inputs: await readInputs(store, node, stage, findKind),
    data,
    ...(node.manifest.shard && { shard: node.manifest.shard }),
    backend: watch?.backend ?? backendFor(backend, node),
    ...(folder !== undefined && { folder }),
    threads: node.threads,
    files: stepFiles(store),
    report,
    warn,
  });
  return watch ? explaining(opened, watch) : opened;
}

function stepFiles(store: Store): StepFiles {
  return {
    put: (bytes) => ({ sha256: putObject(store, bytes), bytes: bytes.length }),
    has: ({ sha256, bytes }) => objectSize(store, sha256) === bytes,
    read: (file, range) =>
      unwrap(range ? readObjectPart(store, file, range) : readObject(store, file.sha256, { verify: true })),
  };
}
