/**
 * The earlier result that shares most with a node, among thousands, for each of thousands of nodes: facts are numbered, and
 * for every fact stands which results have it, so that a node costs as much as results share something with it that not
 * all of them have.
 */

import { deepFacts, type ManifestOf } from './explain-features.ts';
import type { KeyManifest } from './plan.ts';

export interface Candidate {
  readonly key: string;
  readonly manifest: KeyManifest;
}

/** So many of the best are compared exactly. */
const SHORT_LIST = 6;

/** Candidates of one stage kind; answers with the few nearest, nearest first. */
export function nearestAmong(
  candidates: readonly Candidate[],
  manifestOf: ManifestOf,
): (manifest: KeyManifest) => Candidate[] {
  const holders = new Map<string, number[]>();
  const sizes = candidates.map(({ manifest }, at) => {
    const facts = deepFacts(manifest, manifestOf);
    for (const [path, value] of facts) {
      const fact = `${path}=${value}`;
      const having = holders.get(fact);
      if (having) having.push(at);
      else holders.set(fact, [at]);
    }
    return facts.size;
  });
  const shared = new Uint32Array(candidates.length);
  return (manifest) => {
    shared.fill(0);
    for (const [path, value] of deepFacts(manifest, manifestOf)) {
      const having = holders.get(`${path}=${value}`) ?? [];
      // What all have tells none apart.
      if (having.length === candidates.length) continue;
      for (const at of having) shared[at] = (shared[at] ?? 0) + 1;
    }
    return best(candidates, (at) => 2 * (shared[at] ?? 0) - (sizes[at] ?? 0));
  };
}

function best(candidates: readonly Candidate[], nearness: (at: number) => number): Candidate[] {
  const list: { at: number; near: number }[] = [];
  for (let at = 0; at < candidates.length; at++) {
    const near = nearness(at);
    if (list.length === SHORT_LIST && near <= (list.at(-1)?.near ?? 0)) continue;
    let place = list.length;
    while (place > 0 && (list[place - 1]?.near ?? 0) < near) place--;
    list.splice(place, 0, { at, near });
    if (list.length > SHORT_LIST) list.pop();
  }
  return list.flatMap(({ at }) => candidates[at] ?? []);
}
