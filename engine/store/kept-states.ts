/**
 * The states in which finished nodes ended, kept so that longer ones go on from them: an object of the tensors, and the
 * rest in the record of the key. Which keys belong to one chain is noted in
 *
 *     chains/ab/<chain>/<key>     empty; written before the key, so that whatever is in the store can be found
 *
 * A note whose key is not there, or holds no state, says nothing. Unfinished nodes of a chain lend their checkpoints.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../../stages/stage.ts';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PlanNode } from '../plan/plan.ts';
import { newestCheckpoint } from './checkpoints.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { writeDurablyIfAbsent } from './durable.ts';
import { type KeptState, type KeyRecord, keyPath, readRecord } from './keys.ts';
import { objectSize, putObject, readObject } from './objects.ts';
import type { Store } from './store.ts';

export function chainFolder(store: Store, chain: string): string {
  return join(store.folder, 'chains', chain.slice(0, 2), chain);
}

/** The object; the record comes with the key. */
export function keepState(store: Store, step: number, { tensors, values }: State): KeptState {
  const bytes = encodeSafetensors(tensors);
  return {
    step,
    tensors: { sha256: putObject(store, bytes), bytes: bytes.length },
    order: Object.keys(tensors),
    values,
  };
}

export function noteInChain(store: Store, { key, chain }: PlanNode): void {
  if (!chain) return;
  const note = join(chainFolder(store, chain.id), key);
  if (!existsSync(note)) writeDurablyIfAbsent(note, '', { tmp: store.tmp, as: 'chain-note' });
}

/** Where a computation can begin: some steps of it are done. */
export interface Beginning {
  readonly step: number;
  /** Steps of the whole that has done them, of a checkpoint that says it. */
  readonly of?: number;
  readonly state: State;
  /** What these steps took, as far as is known. */
  readonly seconds?: number;
  /** The node that has done them; `finished` where it ended there, else it is a checkpoint. */
  readonly key: string;
  readonly finished: boolean;
}

/** The furthest state with at most so many steps, of the node or of another in its chain. */
export function furthestState(store: Store, { key, chain }: PlanNode, atMost: number): Beginning | undefined {
  let best: Beginning | undefined;
  const own = newestCheckpoint(store, key, atMost);
  if (own) best = { ...own, key, finished: false };
  for (const other of chain ? keysOf(store, chain.id) : []) {
    const record = readRecord(keyPath(store, other), other);
    const found = record
      ? keptIn(store, record, atMost, best?.step)
      : other !== key && withKey(other, newestCheckpoint(store, other, atMost));
    if (found && found.step > (best?.step ?? 0)) best = found;
  }
  return best;
}

function withKey(key: string, checkpoint: ReturnType<typeof newestCheckpoint>): Beginning | undefined {
  return checkpoint && { ...checkpoint, key, finished: false };
}

/** Read only where it would be further than what there is. */
function keptIn(store: Store, record: KeyRecord, atMost: number, beyond = 0): Beginning | undefined {
  const { key, state, seconds } = record;
  if (!state?.tensors || !Array.isArray(state.order) || state.step > atMost || state.step <= beyond) return undefined;
  if (objectSize(store, state.tensors.sha256) !== state.tensors.bytes) return undefined;
  const bytes = readObject(store, state.tensors.sha256, { verify: true });
  const decoded = bytes.ok ? decodeSafetensors(bytes.value) : undefined;
  if (!decoded?.ok) return undefined;
  const tensors = Object.fromEntries(state.order.map((name) => [name, decoded.value.tensors[name] as Tensor]));
  return { step: state.step, state: { tensors, values: state.values }, seconds, key, finished: true };
}

/** Finished nodes of a chain, as written. */
export function recordsInChain(store: Store, chain: string): KeyRecord[] {
  return keysOf(store, chain).flatMap((key) => readRecord(keyPath(store, key), key) ?? []);
}

function keysOf(store: Store, chain: string): string[] {
  const folder = chainFolder(store, chain);
  try {
    return onDisk(folder, () => readdirSync(folder)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
