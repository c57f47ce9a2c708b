/**
 * Every byte of a store against what it should be: objects against their names, key records against their seals and the
 * objects they name, hints, checkpoints, what runs have frozen and published, and the index against the files. Reads only.
 * Findings come as they are found; memory is bounded by the number of files, never by their sizes.
 *
 * What a kill at any moment leaves (a torn checkpoint slot, a line of events cut short) is a note; damage is what no kill
 * explains.
 */

import type { Finding, Verifying } from './findings.ts';
import { nodeNames } from './node-names.ts';
import type { Store } from './store.ts';
import { verifyCheckpoints } from './verify-checkpoints.ts';
import { verifyHints } from './verify-hints.ts';
import { verifyIndex } from './verify-index.ts';
import { verifyKeys } from './verify-keys.ts';
import { verifyObjects } from './verify-objects.ts';
import { verifyPublished } from './verify-published.ts';
import { verifyRuns } from './verify-runs.ts';

export async function* verifyStore(store: Store): AsyncGenerator<Finding> {
  const verifying: Verifying = { store, names: nodeNames(store), users: new Map(), badObjects: new Set() };
  // Keys first, so that a damaged object can be named by those that need it.
  const keys = [...verifyKeys(verifying)];
  yield* keys;
  for (const finding of verifyObjects(verifying)) {
    yield finding;
    // So that a signal is heard, and a terminal redrawn.
    await new Promise(setImmediate);
  }
  yield* verifyHints(verifying);
  yield* verifyCheckpoints(verifying);
  yield* verifyRuns(verifying);
  yield* verifyPublished(verifying);
  // An index read before a record was damaged knows more than the files do now.
  if (keys.some(({ type, part }) => type === 'damage' && part === 'keys'))
    yield { type: 'note', part: 'index', place: store.index, message: 'The index is checked once the keys are sound.' };
  else yield* await verifyIndex(store);
}
