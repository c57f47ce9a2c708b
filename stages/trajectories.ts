/**
 * Experts' trajectories as files, one an expert: `expert-000.safetensors` with float32 tensors `epoch.parameter`
 * (`0.conv0.weight` … `50.classifier.bias`), epoch 0 the initialisation. Buffers of batch norm are no part of them. The
 * metadata says of which network, data and space they are; a reader refuses those of others.
 */
import { canonicalJson } from '../base/canonical-json.ts';
import type { Json } from '../base/json.ts';
import { fail, ok, type Result, unwrap } from '../base/result.ts';
import type { Network } from '../nn/network.ts';
import { decodeSafetensors, encodeSafetensors } from '../tensor/files/safetensors.ts';
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

/** Reads the first file at once and every other one when it is needed. */
export function openExperts(reader: ArtifactReader, wanted: TrajectoryOrigin): Result<Experts> {
  const files = reader.files.filter((name) => name.endsWith('.safetensors')).sort();
  if (files.length === 0) return fail('TRAJECTORIES_NONE', 'The buffer holds no trajectory.');
  const kept = new Map<number, Expert>();
  const open = (index: number): Result<Expert> => {
    const found = kept.get(index);
    if (found) return ok(found);
    const name = files[index] ?? '';
    const read = readExpert(reader.read(name), name, wanted);
    if (!read.ok) return read;
    const most = Math.max(1, Math.floor(KEPT / read.value.bytes));
    for (const oldest of kept.keys()) if (kept.size >= most) kept.delete(oldest);
    kept.set(index, read.value);
    return read;
  };
  const first = open(0);
  if (!first.ok) return first;
  return ok({
    count: files.length,
    epochs: first.value.epochs,
    at(expert, epoch) {
      const { tensors } = unwrap(open(expert));
      return Object.fromEntries(
        wanted.network.parameters.map(({ name }) => [name, tensors[`${epoch}.${name}`] as Tensor]),
      );
    },
  });
}

interface Expert {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly epochs: number;
  readonly bytes: number;
}

function readExpert(file: Uint8Array, place: string, { network, set, whitening }: TrajectoryOrigin): Result<Expert> {
  const decoded = decodeSafetensors(file, place);
  if (!decoded.ok) return decoded;
  const { tensors, metadata } = decoded.value;
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
      if (tensors[`${epoch}.${name}`]?.shape.join() !== shape.join())
        return fail('TRAJECTORIES_DAMAGED', `Expected ${name} of epoch ${epoch} to be [${shape}].`, { place });
  return ok({ tensors, epochs, bytes: file.length });
}

function descriptionOf({ spec, input }: Network): string {
  return canonicalJson({ spec, input } as unknown as Json);
}
