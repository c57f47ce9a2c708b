/**
 * What DD learns besides images, as a file of its own beside them: `steps.safetensors` with `rates` F32 [T], the step size of
 * each step, and `order` I32 [T, n], the images of each step. Sets for one fixed start carry its parameters, `start.NAME`;
 * the metadata says of which network the steps are. Images of such a set are tied to their steps: shuffled, they are poor.
 */
import { canonicalJson } from '../base/canonical-json.ts';
import type { Json } from '../base/json.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Network } from '../nn/network.ts';
import { decodeSafetensors, encodeSafetensors } from '../tensor/files/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ArtifactReader } from './stage.ts';

type Parameters = Readonly<Record<string, Tensor>>;

export interface LearnedSteps {
  /** [T] */
  readonly rates: Tensor;
  /** [T, n] */
  readonly order: Tensor;
  /** Absent where networks start at random (Xavier). */
  readonly start?: Parameters;
}

export const STEPS_FILE = 'steps.safetensors';
const START = 'start.';

export function learnedStepsFile({ rates, order, start }: LearnedSteps, network: Network): Record<string, Uint8Array> {
  const named = Object.entries(start ?? {}).map(([name, value]) => [`${START}${name}`, value]);
  const tensors = { rates, order, ...Object.fromEntries(named) };
  return { [STEPS_FILE]: encodeSafetensors(tensors, { network: descriptionOf(network) }) };
}

/** Logits of the network that the steps were learned for; undefined where the set carries none. */
export function logitsOfSteps(reader: ArtifactReader): number | undefined {
  if (!reader.files.includes(STEPS_FILE)) return undefined;
  const decoded = decodeSafetensors(reader.read(STEPS_FILE), STEPS_FILE);
  const { input } = JSON.parse((decoded.ok && decoded.value.metadata.network) || '{}') as Partial<Network>;
  return input?.classes;
}

/** Of a set for `network` with `images` images. */
export function readLearnedSteps(reader: ArtifactReader, network: Network, images: number): Result<LearnedSteps> {
  if (!reader.files.includes(STEPS_FILE))
    return fail('STEPS_NONE', '`steps` is `learned`, but the set carries no learned steps.', {
      help: 'Evaluate a set of `match` with `method: dd`, or leave `steps` out.',
    });
  const decoded = decodeSafetensors(reader.read(STEPS_FILE), STEPS_FILE);
  if (!decoded.ok) return decoded;
  const { tensors, metadata } = decoded.value;
  const { rates, order } = tensors;
  const starts = Object.entries(tensors).filter(([name]) => name.startsWith(START));
  if (starts.length > 0 && metadata.network !== descriptionOf(network))
    return fail(
      'STEPS_FOREIGN',
      `These steps begin at one start of another network: ${metadata.network} instead of ${descriptionOf(network)}.`,
      { place: STEPS_FILE, help: 'Evaluate them on the `network` that they were learned for.' },
    );
  const isWhole =
    rates?.dtype === 'float' &&
    order?.dtype === 'int' &&
    order.shape.length === 2 &&
    rates.shape.join() === String(order.shape[0]) &&
    order.data.every((image) => image >= 0 && image < images);
  if (!isWhole) return fail('STEPS_DAMAGED', 'Expected the images and the size of each step.', { place: STEPS_FILE });
  const start = Object.fromEntries(starts.map(([name, value]) => [name.slice(START.length), value]));
  return ok({ rates, order, ...(starts.length > 0 && { start }) });
}

function descriptionOf({ spec, input }: Network): string {
  return canonicalJson({ spec, input } as unknown as Json);
}
