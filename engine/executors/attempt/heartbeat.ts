/**
 * Keeps a lease alive from a worker thread, since native calls block the main thread for as long as they like. The thread
 * lives as long as the process and beats for one lease at a time.
 */
import { Worker } from 'node:worker_threads';

let worker: Worker | undefined;
/** The lease that was beaten for last, once its attempt is over. */
let ended: string | undefined;

const REST_AFTER_MS = 1_000;

/** Until the returned function is called. */
export function keepAlive(heartbeat: string): () => void {
  // The compiled file, whatever imports are called in the sources: nothing rewrites a URL.
  ended = undefined;
  worker ??= new Worker(new URL('./heartbeat-worker.js', import.meta.url), { execArgv: [] });
  worker.unref();
  worker.postMessage(heartbeat);
  return () => {
    ended = heartbeat;
    // The next attempt mostly comes at once, and its lease takes the place of this one; waking the thread for both would
    // take longer than a short stage. Beats for a lease that is gone find no file.
    setTimeout(() => {
      if (ended === heartbeat) worker?.postMessage(undefined);
    }, REST_AFTER_MS).unref();
  };
}
