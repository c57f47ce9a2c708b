/** What a stage has made goes into the store: every object first, the key last. */
import { FailureError } from '../../../base/result.ts';
import type { StageResult } from '../../../stages/stage.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { commitKey, type KeyRecord, type StoredFile } from '../../store/keys.ts';
import type { Lease } from '../../store/leases.ts';
import { putObject } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';

export interface Finished {
  readonly node: PlanNode;
  readonly result: StageResult;
  readonly seconds: number;
  readonly steps: number;
}

export function commitResult(
  store: Store,
  lease: Lease,
  { node, result, seconds, steps }: Finished,
): ReturnType<typeof commitKey> {
  demandOutputs(node, result);
  const artifacts: Record<string, Record<string, StoredFile>> = {};
  for (const [role, files] of Object.entries(result.artifacts)) {
    const stored: Record<string, StoredFile> = {};
    for (const [name, bytes] of Object.entries(files))
      stored[name] = { sha256: putObject(store, bytes), bytes: bytes.length };
    artifacts[role] = stored;
  }
  const { key, manifest } = node;
  const record: KeyRecord = {
    schema: 'retort-key/1',
    key,
    manifest,
    artifacts,
    metrics: result.metrics,
    seconds,
    steps,
  };
  if (!lease.check()) throw new FailureError(lease.lost());
  return commitKey(store, record);
}

function demandOutputs({ id, outputs }: PlanNode, { artifacts }: StageResult): void {
  const made = Object.keys(artifacts);
  if ([...made].sort().join() === [...outputs].sort().join()) return;
  throw new Error(`Internal error: expected ${id} to make ${outputs.join(', ')}, got ${made.join(', ')}`);
}
