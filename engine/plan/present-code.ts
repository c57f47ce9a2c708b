/**
 * `--rerun-on code`: a plan in which whatever other code has made is made again. Such a node gets the digest of the present
 * code into its key: the old result stays under the old key, the new one has a key of its own, and what reads it follows
 * by its inputs. Everything else keeps its key. Pure: which results other code has made is handed in.
 */
import type { StageKind } from '../../stages/stage.ts';
import { chainOf } from './chain.ts';
import { cacheKey } from './key.ts';
import type { KeyManifest, Plan, PlanNode } from './plan.ts';

export interface PresentCode {
  kindOf(stage: string): StageKind | undefined;
  /** Of the code of a stage kind; undefined where that is not known. */
  digestOf(stage: string): string | undefined;
  /** Whether a result stands under the node's key, or in its chain, that was not made by the present code. */
  isOther(node: Pick<PlanNode, 'key' | 'manifest' | 'chain'>): boolean;
}

export function byPresentCode(plan: Plan, code: PresentCode): Plan {
  // Nodes of a chain go on from each other, so that they are made again together or not at all.
  const members = new Map<string, PlanNode[]>();
  for (const node of plan.nodes) {
    const group = groupOf(node);
    const nodes = members.get(group);
    if (nodes) nodes.push(node);
    else members.set(group, [node]);
  }
  const groups = new Map<string, ReadonlyMap<string, PlanNode>>();
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const made = (id: string): PlanNode => {
    const node = byId.get(id);
    if (!node) throw new Error(`Internal error: expected a node of the plan, got ${id}`);
    const group = groupOf(node);
    const done = groups.get(group) ?? makeGroup(members.get(group) ?? [node]);
    groups.set(group, done);
    return done.get(id) as PlanNode;
  };
  const makeGroup = (nodes: readonly PlanNode[]): ReadonlyMap<string, PlanNode> => {
    const moved = nodes.map((node) => {
      const inputs: Record<string, string> = { ...node.manifest.inputs };
      for (const [role, id] of Object.entries(node.inputs)) inputs[role] = made(id).key;
      return withManifest(node, { ...node.manifest, inputs }, code);
    });
    const digest = code.digestOf(nodes[0]?.manifest.stage ?? '');
    const isOther = digest !== undefined && moved.some((node) => code.isOther(node));
    const all = isOther ? moved.map((node) => withManifest(node, { ...node.manifest, code: digest }, code)) : moved;
    return new Map(all.map((node) => [node.id, node]));
  };
  return { ...plan, rerunOn: 'code', nodes: plan.nodes.map(({ id }) => made(id)) };
}

function groupOf({ id, chain }: PlanNode): string {
  return chain ? chain.id : `alone ${id}`;
}

function withManifest(node: PlanNode, manifest: KeyManifest, { kindOf }: PresentCode): PlanNode {
  const key = cacheKey(manifest);
  if (key === node.key) return node;
  const kind = kindOf(manifest.stage);
  const { chain: was, ...rest } = node;
  const chain = was && kind && chainOf(kind, manifest, node.params, was.cut ? was.at : undefined);
  return { ...rest, key, manifest, ...(chain && { chain }) };
}
