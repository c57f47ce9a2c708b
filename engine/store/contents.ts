/**
 * Results by what they were made from, where cache keys go by how that was made: two nodes that differ only in the history
 * of equal bytes upstream have one content key, and the second takes over the result of the first (early cut-off).
 *
 *     contents/ab/<content key>.json    the cache key of a node with that content
 *
 * A pointer is a hint: not synced, believed only if it is whole and leads to a whole record of the same computation, and
 * nothing is lost with it. What is taken over gets a key file of its own, committed like any other, so a crash in between
 * leaves the node to be taken over again.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json } from '../../base/json.ts';
import type { KeyManifest, PlanNode } from '../plan/plan.ts';
import { codeDigest, codeOf } from './code-digests.ts';
import { fault } from './faults.ts';
import { writeHint } from './hint-files.ts';
import { noteInChain } from './kept-states.ts';
import { commitKey, type KeyRecord, readKey } from './keys.ts';
import type { Store } from './store.ts';

interface Pointer {
  readonly schema: 'retort-content/1';
  readonly content: string;
  readonly key: string;
}

/** The manifest with the digests of what stands upstream in place of its keys; undefined where that is not all there. */
export function contentKey(
  store: Store,
  { manifest, inputs }: Pick<PlanNode, 'manifest' | 'inputs'>,
): string | undefined {
  const roles = Object.keys(inputs);
  // What reads nothing has one key only.
  if (roles.length === 0) return undefined;
  const digests: Record<string, string> = { ...manifest.inputs };
  for (const role of roles) {
    const record = readKey(store, manifest.inputs[role] ?? '');
    if (!record) return undefined;
    digests[role] = sha256(canonicalJson(record.artifacts as unknown as Json));
  }
  return sha256(canonicalJson({ content: 1, manifest: { ...manifest, inputs: digests } } as unknown as Json));
}

/** For later nodes of the same content; the first one stays as long as its result does. */
export function rememberContent(store: Store, node: PlanNode): void {
  const content = contentKey(store, node);
  if (content === undefined) return;
  const known = readPointer(store, content);
  if (known && (known.key === node.key || readKey(store, known.key))) return;
  const pointer: Pointer = { schema: 'retort-content/1', content, key: node.key };
  const text = `${JSON.stringify(pointer)}\n`;
  writeHint(pointerPath(store, content), text, { tmp: store.tmp, as: 'pointer', makeFolder: true });
}

/**
 * The result of an equal computation under another key, committed under this node's own; undefined where there is none.
 * `presentCode`: only one that the present code has made.
 */
export function takeOver(
  store: Store,
  node: PlanNode,
  { presentCode = false }: { readonly presentCode?: boolean } = {},
): { readonly record: KeyRecord; readonly from: string } | undefined {
  const content = contentKey(store, node);
  const pointer = content === undefined ? undefined : readPointer(store, content);
  if (!pointer || pointer.key === node.key) return undefined;
  const known = readKey(store, pointer.key);
  if (!known || !isSameComputation(known.manifest, node.manifest)) return undefined;
  const code = codeOf(store, known);
  if (presentCode && code !== codeDigest(node.manifest.stage)) return undefined;
  const { artifacts, metrics, seconds, steps, madeWith } = known;
  const { key, manifest } = node;
  const from = known.takenFrom ?? known.key;
  fault('content-found');
  // Longer nodes of the chain go on from its end here too.
  const state = node.chain && known.state;
  noteInChain(store, node);
  commitKey(store, {
    ...{ schema: 'retort-key/1', key, manifest, artifacts, metrics, seconds, steps },
    ...(state && { state }),
    ...(code !== undefined && { code }),
    ...(madeWith && { madeWith }),
    takenFrom: from,
  });
  const record = readKey(store, key);
  return record && { record, from };
}

function isSameComputation(a: KeyManifest, b: KeyManifest): boolean {
  const rest = (manifest: KeyManifest) => canonicalJson({ ...manifest, inputs: {} } as unknown as Json);
  return rest(a) === rest(b);
}

function pointerPath({ folder }: Store, content: string): string {
  return join(folder, 'contents', content.slice(0, 2), `${content}.json`);
}

/** Undefined where there is none, or one that is not whole. */
export function readPointer(store: Store, content: string): Pointer | undefined {
  try {
    const pointer = JSON.parse(readFileSync(pointerPath(store, content), 'utf8')) as Partial<Pointer> | null;
    const isWhole = pointer?.schema === 'retort-content/1' && pointer.content === content;
    return isWhole && /^[0-9a-f]{64}$/.test(pointer.key ?? '') ? (pointer as Pointer) : undefined;
  } catch {
    // None, or one that a crash has torn.
    return undefined;
  }
}
