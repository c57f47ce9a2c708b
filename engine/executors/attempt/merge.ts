/**
 * Joins the results of a stage's shards. The joined result lists the very files of the shards: nothing is read or copied,
 * and what is held grows with their number, not their size. Only a file that several shards made under one name and with
 * other bytes is made anew, by the stage kind.
 */
import { FailureError, unwrap } from '../../../base/result.ts';
import type { StageKind, StageResult, StageRun, StoredFile } from '../../../stages/stage.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { type KeyRecord, readKey } from '../../store/keys.ts';
import { readObject } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';

/** As a stage of one step that does nothing: all of it can be done again at any time. */
export function openMerge(store: Store, node: PlanNode, kind: StageKind): StageRun {
  return {
    steps: 1,
    init: () => ({ tensors: {}, values: {} }),
    step: (state) => state,
    finish: () => joined(store, shardsOf(store, node), node, kind),
  };
}

/** In their order. */
function shardsOf(store: Store, { id, inputs, manifest }: PlanNode): KeyRecord[] {
  return Object.keys(inputs).map((_, at) => {
    const role = `shard[${at}]`;
    const record = readKey(store, manifest.inputs[role] ?? '');
    if (record) return record;
    throw new FailureError({
      code: 'INPUT_MISSING',
      message: `${id} needs the result of ${inputs[role]}, which is no longer in the store.`,
      help: 'The same command makes it again.',
    });
  });
}

function joined(store: Store, shards: readonly KeyRecord[], { id, outputs }: PlanNode, kind: StageKind): StageResult {
  const artifacts: Record<string, Record<string, Uint8Array>> = {};
  const stored: Record<string, Record<string, StoredFile>> = {};
  for (const role of outputs) {
    const files: Record<string, StoredFile> = {};
    const differing = new Set<string>();
    for (const { artifacts: made } of shards)
      for (const [name, file] of Object.entries(made[role] ?? {})) {
        if (files[name] !== undefined && files[name].sha256 !== file.sha256) differing.add(name);
        files[name] = file;
      }
    const anew: Record<string, Uint8Array> = {};
    for (const name of differing) {
      delete files[name];
      anew[name] = joinedFile(store, shards, { id, role, name }, kind);
    }
    stored[role] = files;
    artifacts[role] = anew;
  }
  const figures = shards.map(({ manifest, metrics }) => ({ shard: manifest.shard ?? {}, metrics }));
  return { artifacts, stored, metrics: (kind.joinMetrics ?? means)(figures) };
}

function joinedFile(
  store: Store,
  shards: readonly KeyRecord[],
  { id, role, name }: { readonly id: string; readonly role: string; readonly name: string },
  kind: StageKind,
): Uint8Array {
  if (!kind.joinFile)
    throw new Error(`Internal error: expected the shards of ${id} to name ${name} by what they cover, or to join it`);
  const having = shards.flatMap(({ manifest, artifacts }) => {
    const file = artifacts[role]?.[name];
    const read = (sha256: string) => unwrap(readObject(store, sha256, { verify: true }));
    return file ? [{ shard: manifest.shard ?? {}, read: () => read(file.sha256) }] : [];
  });
  return kind.joinFile(role, name, having);
}

function means(parts: Parameters<NonNullable<StageKind['joinMetrics']>>[0]): Record<string, number> {
  const names = new Set(parts.flatMap(({ metrics }) => Object.keys(metrics)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = parts.flatMap(({ metrics }) => metrics[name] ?? []);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}
