/** After files were moved by hand of ours: the index forgets what is gone. Where it cannot be written, the next run does it. */
import { existsSync } from 'node:fs';
import { ingest, openIndex } from './index.ts';
import type { Store } from './store.ts';

export async function refreshIndex(store: Store): Promise<void> {
  if (!existsSync(store.index)) return;
  const index = await openIndex(store);
  if (!index.ok) return;
  ingest(index.value);
  index.value.close();
}
