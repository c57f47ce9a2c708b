/**
 * Sets that live in the space of a ZCA fit: pictures are taken out of it, and who takes the exact values gets the fit beside
 * them, without which nobody can bring test images into that space.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { type Zca, zcaOf } from '../../data/zca.ts';
import { WHITENING_FILE } from '../../stages/whitening.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { openProducts } from '../../tensor/linear-algebra/products.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { readObject } from '../store/objects.ts';
import { type ExportedSet, type ExportSource, setOf } from './source.ts';

/** Images that are taken out of it at a time. */
const CHUNK = 256;

/** The file of the fit; undefined where the set is not whitened. */
export function fitOf({ store, name }: ExportSource, { whitening }: ExportedSet): Result<Uint8Array | undefined> {
  if (whitening === undefined) return ok(undefined);
  const fit = readObject(store, whitening, { verify: true });
  if (fit.ok) return fit;
  return fail('EXPORT_NO_WHITENING', `The ZCA fit that ${name} is whitened by cannot be read: ${fit.error.message}`, {
    help: 'Run its experiment again, which fits it anew.',
  });
}

/** The set as it is seen: a whitened one in pixels from 0 to 1, so that `mean` 0 and `std` 1 are true of it. */
export async function seenSet(source: ExportSource): Promise<Result<ExportedSet>> {
  const set = setOf(source);
  if (!set.ok) return set;
  const fit = fitOf(source, set.value);
  if (!fit.ok) return fit;
  if (!fit.value) return set;
  const decoded = decodeSafetensors(fit.value, WHITENING_FILE);
  if (!decoded.ok) return decoded;
  const zca = zcaOf(decoded.value.tensors);
  if (!zca.ok) return zca;
  const images = await unwhitened(set.value.images, zca.value);
  return images.ok ? ok({ ...set.value, images: images.value }) : images;
}

/** x = z·inverse + μ */
async function unwhitened(images: Tensor, { mean, inverse }: Zca): Promise<Result<Tensor>> {
  const products = await openProducts(1);
  if (!products.ok) return products;
  const size = mean.data.length;
  const root = { rows: size, columns: size, data: Float64Array.from(inverse.data) };
  const seen = new Float32Array(images.data.length);
  for (let start = 0; start < seen.length; start += CHUNK * size) {
    const part = images.data.subarray(start, start + CHUNK * size);
    const rows = { rows: part.length / size, columns: size, data: Float64Array.from(part) };
    const { data } = await products.value.multiply(rows, root);
    for (const [at, value] of data.entries()) seen[start + at] = value + (mean.data[at % size] as number);
  }
  products.value.close();
  return ok(floats(seen, images.shape));
}
