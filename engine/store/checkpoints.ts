/**
 * The state of a node under way, in two slots that take turns, so that there is always a whole one. A slot is a
 * safetensors file and a JSON record with its digest, written after it: a record that does not fit its tensors (torn,
 * damaged, or of another moment) makes the slot worthless, and the other is used.
 *
 * A state comes back as it was: types and bits of all tensors, their order, and the values.
 */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { FailureError } from '../../base/result.ts';
import type { State } from '../../stages/stage.ts';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { writeDurably } from './durable.ts';
import { fault, faultArmed } from './faults.ts';
import type { Lease } from './leases.ts';
import type { Store } from './store.ts';

export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** Steps of the whole; older checkpoints do not say it. */
  readonly of?: number;
  readonly state: State;
  /** What it took so far, over all attempts; no part of the state. */
  readonly seconds?: number;
}

export interface SlotRecord {
  readonly schema: 'retort-checkpoint/1';
  readonly step: number;
  readonly of?: number;
  readonly seconds?: number;
  /** Of the lease under which it was written. */
  readonly fence: number;
  readonly tensors: { readonly sha256: string; readonly bytes: number; readonly order: readonly string[] };
  readonly values: JsonObject;
}

export const SLOTS = ['a', 'b'] as const;
export type Slot = (typeof SLOTS)[number];

export function checkpointFolder(store: Store, key: string): string {
  return join(store.checkpoints, key);
}

/** Overwrites the older slot. With a lease: only if it is still held. */
export function writeCheckpoint(store: Store, key: string, checkpoint: Checkpoint, lease?: Lease): void {
  if (lease && !lease.check()) throw new FailureError(lease.lost());
  const { step, of, state, seconds } = checkpoint;
  const folder = checkpointFolder(store, key);
  // The step tells tensors whose record a kill has kept from being written from tensors that were damaged.
  const tensors = encodeSafetensors(state.tensors, { step: String(step) });
  const record: SlotRecord = {
    schema: 'retort-checkpoint/1',
    step,
    ...(of !== undefined && { of }),
    ...(seconds !== undefined && { seconds }),
    fence: lease?.fence ?? 0,
    tensors: { sha256: sha256(tensors), bytes: tensors.length, order: Object.keys(state.tensors) },
    values: state.values,
  };
  const slot = olderSlot(folder);
  writeDurably(tensorsFile(folder, slot), tensors, { tmp: store.tmp, as: 'checkpoint-tensors' });
  writeDurably(recordFile(folder, slot), sealed(record), { tmp: store.tmp, as: 'checkpoint-record' });
}

/** The whole one with the most steps; of those with at most so many. */
export function newestCheckpoint(
  store: Store,
  key: string,
  atMost = Number.POSITIVE_INFINITY,
): (Checkpoint & { readonly fence: number }) | undefined {
  const folder = checkpointFolder(store, key);
  const records = SLOTS.flatMap((slot) => {
    const record = readSlot(folder, slot);
    return record && record.step <= atMost ? [{ slot, record }] : [];
  });
  for (const { slot, record } of records.sort((a, b) => b.record.step - a.record.step)) {
    const tensors = readTensors(folder, slot, record);
    if (!tensors) continue;
    const { step, of, fence, seconds, values } = record;
    return {
      ...{ step, fence, state: { tensors, values } },
      ...(of !== undefined && { of }),
      ...(seconds !== undefined && { seconds }),
    };
  }
  return undefined;
}

export function removeCheckpoints(store: Store, key: string): void {
  const folder = checkpointFolder(store, key);
  if (faultArmed('checkpoints-half-removed') && existsSync(folder)) {
    rmSync(tensorsFile(folder, 'a'), { force: true });
    fault('checkpoints-half-removed');
  }
  rmSync(folder, { recursive: true, force: true });
  fault('checkpoints-removed');
}

export const tensorsFile = (folder: string, slot: Slot) => join(folder, `${slot}.safetensors`);
export const recordFile = (folder: string, slot: Slot) => join(folder, `${slot}.json`);

/** The slot that may be lost: one that is not whole, else the one with fewer steps. */
function olderSlot(folder: string): Slot {
  const [a, b] = SLOTS.map((slot) => readSlot(folder, slot));
  return a && (!b || b.step < a.step) ? 'b' : 'a';
}

/** The record, if its seal is intact and tensors of its size lie beside it. */
function readSlot(folder: string, slot: Slot): SlotRecord | undefined {
  const text = readIfThere(recordFile(folder, slot))?.toString();
  if (text === undefined) return undefined;
  const record = unsealed(text);
  const size = statSync(tensorsFile(folder, slot), { throwIfNoEntry: false })?.size;
  return record?.schema === 'retort-checkpoint/1' && record.tensors.bytes === size ? record : undefined;
}

function readTensors(folder: string, slot: Slot, record: SlotRecord): Record<string, Tensor> | undefined {
  const bytes = readIfThere(tensorsFile(folder, slot));
  if (!bytes || sha256(bytes) !== record.tensors.sha256) return undefined;
  const decoded = decodeSafetensors(bytes);
  if (!decoded.ok) return undefined;
  return Object.fromEntries(record.tensors.order.map((name) => [name, decoded.value.tensors[name] as Tensor]));
}

/** The record with the digest of its canonical form, which also refuses what JSON would lose silently (NaN, undefined). */
function sealed(record: SlotRecord): string {
  const seal = sha256(canonicalJson(record as unknown as Json));
  return `${JSON.stringify({ seal, ...record }, null, 1)}\n`;
}

export function unsealed(text: string): SlotRecord | undefined {
  try {
    const { seal, ...record } = JSON.parse(text) as SlotRecord & { seal: string };
    return seal === sha256(canonicalJson(record as unknown as Json)) ? record : undefined;
  } catch {
    // Not JSON, or JSON that no record is: a torn or damaged file.
    return undefined;
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return onDisk(path, () => readFileSync(path));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
