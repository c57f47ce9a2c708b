/** Hints to results under other keys and to chains: whole, and leading to something. A damaged one costs only a shortcut. */
import { join } from 'node:path';
import type { Finding, Verifying } from './findings.ts';
import { allHints, leadsNowhere } from './hints.ts';
import { leaseHolder } from './leases.ts';

const HELP = 'Nothing is lost with it: it is not believed. `retort verify --repair` puts it aside.';

export function* verifyHints({ store }: Verifying): Generator<Finding> {
  let nowhere = 0;
  for (const { path, bytes, key, wrong } of allHints(store)) {
    yield { type: 'checked', part: 'hints', files: 1, bytes };
    if (wrong !== undefined)
      yield { type: 'damage', part: 'hints', place: path, message: wrong, nodes: [], help: HELP, aside: [path] };
    else if (key !== undefined && leadsNowhere(store, key) && !leaseHolder(store, key)) nowhere++;
  }
  if (nowhere === 0) return;
  const message = `Hints to results that are not there: ${nowhere}, whose attempts were killed, or whose result was put aside. \`retort gc\` moves those to the trash that no plan needs.`;
  yield { type: 'note', part: 'hints', place: join(store.folder, 'chains'), message };
}
