/** What stands upstream, as the stage reads it: files by name out of the store, found by the keys of the node's manifest. */
import { FailureError, unwrap } from '../../../base/result.ts';
import { asStageSees, roleOf } from '../../../stages/input-roles.ts';
import type { ArtifactReader, StageKind } from '../../../stages/stage.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { type KeyRecord, readKey } from '../../store/keys.ts';
import { readObject, readObjectPart } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';

type FindKind = (kind: string) => Promise<StageKind>;

/** By role of the node's own stage, as it sees them. */
export async function readInputs(
  store: Store,
  node: PlanNode,
  stage: StageKind,
  findKind: FindKind,
): Promise<Record<string, ArtifactReader>> {
  const readers: Record<string, ArtifactReader> = {};
  for (const [role, id] of Object.entries(node.inputs)) {
    const record = readKey(store, node.manifest.inputs[role] ?? '');
    if (!record) throw missing(node, id);
    const made = await outputFor(stage, role, record, findKind);
    readers[role] = reader(store, record.artifacts[made] ?? {});
  }
  return asStageSees(stage, readers);
}

/** An input names a stage, not one of its outputs: it is the first output of the type that the input takes. */
async function outputFor(stage: StageKind, role: string, record: KeyRecord, findKind: FindKind): Promise<string> {
  const upstream = await findKind(record.manifest.stage);
  const type = stage.inputs[roleOf(role)]?.type;
  const found = Object.entries(upstream.outputs).find(
    // Of some kinds only a part is made.
    ([made, output]) => output.type === type && made in record.artifacts,
  );
  if (!found) throw new Error(`Internal error: expected ${upstream.kind} to make ${type} for ${stage.kind}.${role}`);
  return found[0];
}

function reader(store: Store, files: KeyRecord['artifacts'][string]): ArtifactReader {
  const describe = (name: string) => {
    const file = files[name];
    if (!file) throw new Error(`Internal error: expected one of ${Object.keys(files).join(', ')}, got ${name}`);
    return file;
  };
  return {
    files: Object.keys(files),
    describe,
    read(name, range) {
      const file = describe(name);
      return unwrap(range ? readObjectPart(store, file, range) : readObject(store, file.sha256, { verify: true }));
    },
  };
}

function missing(node: PlanNode, upstream: string): FailureError {
  return new FailureError({
    code: 'INPUT_MISSING',
    message: `${node.id} needs the result of ${upstream}, which is no longer in the store.`,
    help: 'The same command makes it again.',
  });
}
