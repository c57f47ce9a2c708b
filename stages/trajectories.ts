/**
 * Experts' trajectories as files, one an expert: `expert-000.safetensors` with float32 tensors `epoch.parameter`
 * (`0.conv0.weight` … `50.classifier.bias`), epoch 0 the initialisation. Buffers of batch norm are no part of them. The
 * metadata says of which network, data and space they are; a reader refuses those of others.
 */
import { canonicalJson } from '../base/canonical-json.ts';
import type { Json } from '../base/json.ts';
import { fail, ok, type Result, unwrap } from '../base/result.ts';
import type { Network } from '../nn/network.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  readTensorHeader,
  type TensorFileHeader,
} from '../tensor/files/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ArtifactReader } from './stage.ts';

type Parameters = Readonly<Record<string, Tensor>>;

export interface TrajectoryOrigin {
  readonly network: Network;
  /** Name of the data set. */
  readonly set: string;
  /** Digest of the ZCA fit in whose space the images lay. */
  readonly whitening: string | undefined;
}

export function fileOfExpert(expert: number): string {
  return `expert-${String(expert).padStart(3, '0')}.safetensors`;
}

/** `snapshots`: the parameters after 0, 1, 2 … epochs. */
export function encodeTrajectory(
  snapshots: readonly Parameters[],
  { network, set, whitening }: TrajectoryOrigin,
): Uint8Array {
  const tensors: Record<string, Tensor> = {};
  for (const [epoch, snapshot] of snapshots.entries())
    for (const { name } of network.parameters) tensors[`${epoch}.${name}`] = snapshot[name] as Tensor;
  return encodeSafetensors(tensors, {
    ...{ set, network: descriptionOf(network), epochs: String(snapshots.length - 1) },
    ...(whitening !== undefined && { whitening }),
  });
}

export interface Experts {
  readonly count: number;
  /** Of the shortest trajectory. */
  readonly epochs: number;
  /** θ*_epoch of an expert. */
  at(expert: number, epoch: number): Parameters;
}

/** Bytes of decoded experts that stay in memory; at least one does. */
const KEPT = 256 * 2 ** 20;

/** Looks at the head of every file at once, so that none is found to be foreign later, and reads each when it is needed. */
export function openExperts(reader: ArtifactReader, wanted: TrajectoryOrigin): Result<Experts> {
  const files = reader.files.filter((name) => name.endsWith('.safetensors')).sort();
  if (files.length === 0) return fail('TRAJECTORIES_NONE', 'The buffer holds no trajectory.');
  const epochs: number[] = [];
  for (const name of files) {
    const part = (from: number, to: number) => reader.read(name, { from, to });
    const header = readTensorHeader(part, reader.describe(name).bytes, name);
    const found = header.ok ? epochsOf(header.value, name, wanted) : header;
    if (!found.ok) return found;
    epochs.push(found.value);
  }
  const kept = new Map<number, Expert>();
  const open = (index: number): Expert => {
    const found = kept.get(index);
    if (found) return found;
    const name = files[index] ?? '';
    const bytes = reader.read(name);
    const read = { tensors: unwrap(decodeSafetensors(bytes, name)).tensors, bytes: bytes.length };
    const most = Math.max(1, Math.floor(KEPT / read.bytes));
    for (const oldest of kept.keys()) if (kept.size >= most) kept.delete(oldest);
    kept.set(index, read);
    return read;
  };
  return ok({
    count: files.length,
    epochs: Math.min(...epochs),
    at(expert, epoch) {
      const { tensors } = open(expert);
      return Object.fromEntries(
        wanted.network.parameters.map(({ name }) => [name, tensors[`${epoch}.${name}`] as Tensor]),
      );
    },
  });
}

interface Expert {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly bytes: number;
}

/** How many epochs a file has of what is wanted. */
function epochsOf(
  { metadata, entries }: TensorFileHeader,
  place: string,
  { network, set, whitening }: TrajectoryOrigin,
): Result<number> {
  const wrong = (message: string, help: string) => fail('TRAJECTORIES_FOREIGN', message, { place, help });
  if (metadata.set !== set)
    return wrong(`These trajectories are of ${metadata.set}, not of ${set}.`, 'Train experts on the same data set.');
  if (metadata.network !== descriptionOf(network))
    return wrong(
      `These trajectories are of another network: ${metadata.network} instead of ${descriptionOf(network)}.`,
      'Give `buffer` and `match` the same `network`.',
    );
  if (metadata.whitening !== whitening)
    return wrong(
      'These trajectories are of images in another space (another ZCA fit, or none on one side).',
      'Give `buffer` and `match` the same `whitening`.',
    );
  const epochs = Number(metadata.epochs);
  for (let epoch = 0; epoch <= epochs; epoch++)
    for (const { name, shape } of network.parameters)
      if (entries.get(`${epoch}.${name}`)?.shape.join() !== shape.join())
        return fail('TRAJECTORIES_DAMAGED', `Expected ${name} of epoch ${epoch} to be [${shape}].`, { place });
  return ok(epochs);
}

function descriptionOf({ spec, input }: Network): string {
  return canonicalJson({ spec, input } as unknown as Json);
}
