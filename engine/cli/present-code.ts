/** Which results the present code has made, by the digests in their records, and plans in which the others are made again. */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json } from '../../base/json.ts';
import { stageKind } from '../../stages/registry.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { byPresentCode } from '../plan/present-code.ts';
import { codeDigest, codeOf } from '../store/code-digests.ts';
import { recordsInChain } from '../store/kept-states.ts';
import { type KeyRecord, readKey } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import type { Records } from './results.ts';

/** The plan of `--rerun-on code`. A result whose code is not on record counts as other code's. */
export function rerunOnCode(plan: Plan, store: Store | undefined): Plan {
  return byPresentCode(plan, {
    kindOf: stageKind,
    digestOf: codeDigest,
    isOther({ key, manifest, chain }) {
      if (!store) return false;
      const own = readKey(store, key);
      const records = [...(own ? [own] : []), ...(chain ? recordsInChain(store, chain.id) : [])];
      return records.some((record) => codeOf(store, record) !== codeDigest(manifest.stage));
    },
  });
}

/** Known to be made by other code of the same stage version. */
export function isOtherCode(store: Store | undefined, record: KeyRecord): boolean {
  const made = store && codeOf(store, record);
  const present = made === undefined ? undefined : codeDigest(record.manifest.stage);
  return present !== undefined && present !== made;
}

export type Remade = 'same' | 'different';

/** Of hits of other code: those made again by the present code (`--rerun-on code`), and whether that gave the same bytes. */
export function remadeNodes(plan: Plan, store: Store | undefined, records: Records): ReadonlyMap<PlanNode, Remade> {
  const remade = new Map<PlanNode, Remade>();
  const others = plan.nodes.filter(({ key }) => {
    const record = records.get(key);
    return record && isOtherCode(store, record);
  });
  if (!store || others.length === 0 || plan.rerunOn) return remade;
  const again = new Map(rerunOnCode(plan, store).nodes.map(({ id, key }) => [id, key]));
  for (const node of others) {
    const key = again.get(node.id);
    const [was, now] = [records.get(node.key), key === undefined ? undefined : readKey(store, key)];
    if (was && now) remade.set(node, resultOf(was) === resultOf(now) ? 'same' : 'different');
  }
  return remade;
}

function resultOf({ artifacts, metrics, steps }: KeyRecord): string {
  return canonicalJson({ artifacts, metrics, steps } as unknown as Json);
}
