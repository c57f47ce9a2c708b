/** What a stage has made goes into the store: every object first, the key last. */
import { FailureError } from '../../../base/result.ts';
import type { StageResult, State } from '../../../stages/stage.ts';
import { modeOf } from '../../plan/numerics.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { codeDigest } from '../../store/code-digests.ts';
import { keepState, noteInChain } from '../../store/kept-states.ts';
import { commitKey, type KeyRecord, keyPath, readRecord, type StoredFile } from '../../store/keys.ts';
import type { Lease } from '../../store/leases.ts';
import { putObject } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';
import { madeWith } from './backends.ts';

export interface Finished {
  readonly node: PlanNode;
  readonly result: StageResult;
  readonly seconds: number;
  readonly steps: number;
  /** The name of the backend. */
  readonly backend: string;
  /** Kept where longer nodes can go on from it. */
  readonly state: State;
}

export function commitResult(
  store: Store,
  lease: Lease,
  { node, backend, result, seconds, steps, state }: Finished,
): ReturnType<typeof commitKey> {
  demandOutputs(node, result);
  const artifacts: Record<string, Record<string, StoredFile>> = {};
  for (const [role, files] of Object.entries(result.artifacts)) {
    const stored: Record<string, StoredFile> = {};
    const put = (name: string, bytes: Uint8Array) => {
      stored[name] = { sha256: putObject(store, bytes), bytes: bytes.length };
    };
    for (const [name, bytes] of Object.entries(files)) put(name, bytes);
    for (const [name, make] of Object.entries(result.deferred?.[role] ?? {})) put(name, make());
    Object.assign(stored, result.stored?.[role]);
    artifacts[role] = stored;
  }
  const { key, manifest } = node;
  const code = codeDigest(manifest.stage);
  const made = madeWith(backend, node);
  const record: KeyRecord = {
    schema: 'retort-key/1',
    key,
    manifest,
    artifacts,
    metrics: result.metrics,
    seconds,
    steps,
    ...(code !== undefined && { code }),
    ...(made && { madeWith: made }),
    ...(node.chain && { state: keepState(store, steps, state) }),
  };
  noteInChain(store, node);
  if (!lease.check()) throw new FailureError(lease.lost());
  return commitKey(store, record);
}

function demandOutputs({ id, outputs }: PlanNode, { artifacts }: StageResult): void {
  const made = Object.keys(artifacts);
  if ([...made].sort().join() === [...outputs].sort().join()) return;
  throw new Error(`Internal error: expected ${id} to make ${outputs.join(', ')}, got ${made.join(', ')}`);
}

export function conflictMessage(store: Store, { id, key, manifest }: PlanNode): string {
  const [made, present] = [readRecord(keyPath(store, key), key)?.code, codeDigest(manifest.stage)];
  if (made !== undefined && present !== undefined && made !== present)
    return `${id} gave another result than before for the same key, and its code has changed since then, though not the version of stage ${manifest.stage}. The first result stands; the other is kept beside it.`;
  if (modeOf(manifest.numerics) === 'backend')
    return `${id} gave another result than before for the same key, which leaves the machine out (\`numerics: backend\`). The first result stands; the other is kept beside it.`;
  return `${id} gave another result than before for the same key: its stage, backend or machine is not deterministic. The first result stands; the other is kept beside it.`;
}
