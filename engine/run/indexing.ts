/**
 * The store's index, kept up to date while a run goes on: now and then when nodes end, and when the run has ended. It is
 * only an index: whatever goes wrong with it is a warning, and the native module is loaded when there is something to say.
 */

import type { Index } from '../store/index.ts';
import type { RunFolder } from '../store/runs.ts';
import type { Journal } from './journal.ts';

export interface Indexing {
  nodeEnded(): void;
  runEnded(): Promise<void>;
  close(): void;
}

/** Every pass looks through the names of all keys. */
const AT_MOST_EVERY_MS = 10_000;

export function openIndexing(run: RunFolder, journal: Journal): Indexing {
  let index: Index | undefined;
  let broken = false;
  let last = performance.now();
  let passes: Promise<void> = Promise.resolve();

  const pass = async (): Promise<void> => {
    if (broken) return;
    try {
      index ??= await open(run);
      const { database, store } = index;
      const { ingestKeys, ingestRun } = await import('../store/ingest.ts');
      database.transaction(() => ingestKeys(store, database)).immediate();
      database.transaction(() => ingestRun(store, database, run.id, run)).immediate();
    } catch (error) {
      broken = true;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The index of the store was not brought up to date (${reason}); \`retort reindex\` does it later.`;
      journal.emit({ type: 'warning', message });
    }
  };

  const next = () => {
    last = performance.now();
    passes = passes.then(pass);
    return passes;
  };

  return {
    nodeEnded() {
      if (performance.now() - last >= AT_MOST_EVERY_MS) void next();
    },
    runEnded: next,
    close: () => index?.close(),
  };
}

async function open({ store }: RunFolder): Promise<Index> {
  const { openIndex } = await import('../store/index.ts');
  const opened = await openIndex(store);
  if (opened.ok) return opened.value;
  throw new Error(opened.error.message);
}
