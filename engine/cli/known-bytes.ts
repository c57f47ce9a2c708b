/** What files will take, as the stages say before anything runs: from their parameters, what they read, the data and files. */
import type { JsonObject } from '../../base/json.ts';
import { formatSize } from '../../base/units.ts';
import { stageKind } from '../../stages/registry.ts';
import type { ShardedData } from '../../stages/stage.ts';
import type { PricedNode } from '../plan/estimate-grid.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import type { FileFacts } from '../run/check-files.ts';

/** What has been looked at for a plan. */
export interface Looked {
  readonly files: FileFacts;
  /** A folder of pictures may have fewer classes than its set is known to have. */
  readonly data: { readonly summary: ShardedData };
}

export interface KnownBytes {
  /** Of its files; undefined where its stage cannot say. */
  readonly knownBytes: number | undefined;
  /** Of what is in the store besides, until garbage is collected. */
  readonly passingBytes: number;
}

export function bytesKnown(plan: Plan, { files, data: { summary } }: Looked): (node: PlanNode) => KnownBytes {
  const params = new Map(plan.nodes.map((node) => [node.id, { ...node.params, ...factsOf(node, files) }]));
  return ({ id, inputs, manifest: { stage, shard } }) => {
    const read = Object.entries(inputs).map(([role, from]) => [role, params.get(from) ?? {}]);
    const [kind, own] = [stageKind(stage), params.get(id) ?? {}];
    return {
      knownBytes: kind?.bytes?.(own, Object.fromEntries(read), summary, shard),
      passingBytes: kind?.passingBytes?.(own, summary, shard) ?? 0,
    };
  };
}

/** What is known of the files that it reads. */
function factsOf({ manifest, params }: PlanNode, files: FileFacts): JsonObject {
  const listed = params[stageKind(manifest.stage)?.userFiles?.list ?? ''];
  return Object.assign({}, ...Object.keys(listed ?? {}).map((path) => files.get(path))) as JsonObject;
}

/** By kind, and of all; none where no stage says anything. */
export function bytesLines(nodes: readonly PricedNode[]): string[] {
  const kinds = new Map<string, number>();
  const passing = new Map<string, number>();
  let there = 0;
  for (const { node, knownBytes, storedBytes = 0, passingBytes = 0 } of nodes) {
    if (knownBytes === undefined) continue;
    const { stage } = node.manifest;
    kinds.set(stage, (kinds.get(stage) ?? 0) + knownBytes);
    if (passingBytes > 0) passing.set(stage, (passing.get(stage) ?? 0) + passingBytes);
    else there += storedBytes;
  }
  if (kinds.size === 0) return [];
  const all = [...kinds.values()].reduce((sum, bytes) => sum + bytes, 0);
  const each = [...kinds].map(([kind, bytes]) => (kinds.size === 1 ? kind : `${kind} (${formatSize(bytes)})`));
  const stored = there > 0 ? `, ${formatSize(there)} of them there already` : '';
  const silent = nodes.filter(({ costs, knownBytes }) => costs !== 'nothing' && knownBytes === undefined);
  const others = [...new Set(silent.map(({ node }) => node.manifest.stage))];
  const more = others.length > 0 ? `; those of ${others.join(', ')} are not` : '';
  return [
    `Files of ${each.join(', ')}: ${formatSize(all)}, known beforehand${stored}${more}.`,
    ...[...passing].map(([kind, bytes]) => `Besides, ${kind} leaves ${formatSize(bytes)} in the store, until \`gc\`.`),
  ];
}
