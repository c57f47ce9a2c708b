/**
 * Keeps a lease alive from a worker thread, since native calls block the main thread for as long as they like. The thread
 * lives as long as the process and beats for one lease at a time.
 */
import { Worker } from 'node:worker_threads';

let worker: Worker | undefined;

/** Until the returned function is called. */
export function keepAlive(heartbeat: string): () => void {
  // The compiled file, whatever imports are called in the sources: nothing rewrites a URL.
  worker ??= new Worker(new URL('./heartbeat-worker.js', import.meta.url), { execArgv: [] });
  worker.unref();
  worker.postMessage(heartbeat);
  return () => worker?.postMessage(undefined);
}
