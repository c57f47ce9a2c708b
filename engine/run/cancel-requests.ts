/**
 * What stops a run or one of its nodes: its own signal (Ctrl-C), and what `retort cancel` has asked in the run's folder. A
 * node that is asked for alone ends with a checkpoint, and the rest of the run goes on.
 */
import { setMaxListeners } from 'node:events';
import { takeCancelRequests } from '../store/cancel-files.ts';
import type { RunFolder } from '../store/runs.ts';

export interface CancelRequests {
  /** The whole run is to stop. */
  readonly signal: AbortSignal;
  /** The node is to stop, alone or with the run. */
  of(node: string): AbortSignal;
  /** Ends it as if it had been asked for, for another reason. */
  stop(node: string): void;
  /** The same for every node that is under way. */
  stopUnderWay(): void;
  /** Asked for by name. */
  isCancelled(node: string): boolean;
  close(): void;
}

/** Nothing tells across machines that a file has appeared: it is looked for. */
const LOOK_EVERY_MS = 500;

export function watchCancelRequests(run: RunFolder, given: AbortSignal): CancelRequests {
  const all = new AbortController();
  const nodes = new Map<string, AbortController>();
  const named = new Set<string>();
  // Every attempt under way listens to it.
  setMaxListeners(0, all.signal);

  const stop = () => {
    all.abort(given.reason);
    for (const node of nodes.values()) node.abort();
  };
  const look = () => {
    for (const { node } of takeCancelRequests(run)) {
      if (node === undefined) stop();
      else {
        named.add(node);
        controllerOf(node).abort();
      }
    }
  };
  const controllerOf = (node: string): AbortController => {
    const known = nodes.get(node) ?? new AbortController();
    nodes.set(node, known);
    if (all.signal.aborted) known.abort();
    return known;
  };

  // What was asked of an earlier driver has been done.
  takeCancelRequests(run);
  if (given.aborted) stop();
  given.addEventListener('abort', stop);
  const looking = setInterval(look, LOOK_EVERY_MS);
  return {
    signal: all.signal,
    of: (node) => controllerOf(node).signal,
    stop: (node) => controllerOf(node).abort(),
    stopUnderWay() {
      for (const node of nodes.values()) node.abort();
    },
    isCancelled: (node) => named.has(node),
    close() {
      given.removeEventListener('abort', stop);
      clearInterval(looking);
    },
  };
}
