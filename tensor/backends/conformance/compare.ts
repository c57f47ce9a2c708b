/**
 * What conformance means: names, shapes and types agree exactly, floats within a share of the largest finite element of
 * their tensor (or of 1), everything that is not finite exactly. A backend computes in float32 and may reorder sums;
 * slopes of the cases add up cancelling terms, which is why they are allowed more.
 */
import { createHash } from 'node:crypto';
import type { Expr } from '../../expr.ts';
import { asFloat32, type Tensor } from '../../tensor.ts';
import type { Backend } from '../backend.ts';

export const VALUE_TOLERANCE = 2e-6;
export const SLOPE_TOLERANCE = 1e-5;

export type Values = Readonly<Record<string, Tensor>>;
export type Outputs = Readonly<Record<string, Expr>>;

/** Floats as float32 holds them, so that both sides start from equal numbers. */
export function rounded(feeds: Values): Values {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      tensor.dtype === 'float' ? { ...tensor, data: asFloat32(tensor) } : tensor,
    ]),
  );
}

export async function valuesOf(backend: Backend, outputs: Outputs, feeds: Values): Promise<Values> {
  const program = await backend.prepare({ outputs });
  const found = await program.run(feeds);
  program.dispose();
  return found;
}

/** Where the two differ most, in words; empty where they agree. */
export function disagreements(found: Values, wanted: Values, toleranceOf: (name: string) => number): string[] {
  return Object.entries(wanted).flatMap(([name, want]) => {
    const got = found[name];
    if (!got) return [`${name} is missing`];
    if (got.dtype !== want.dtype || got.shape.join() !== want.shape.join() || got.data.length !== want.data.length) {
      return [`${name} is ${got.dtype} [${got.shape}], not ${want.dtype} [${want.shape}]`];
    }
    return furthest(name, got, want, want.dtype === 'float' ? toleranceOf(name) : 0);
  });
}

function furthest(name: string, got: Tensor, want: Tensor, tolerance: number): string[] {
  let scale = 1;
  for (const value of want.data) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  let [worst, place] = [tolerance, -1];
  for (let index = 0; index < want.data.length; index++) {
    const error = distance(got.data[index] as number, want.data[index] as number) / scale;
    if (error > worst) [worst, place] = [error, index];
  }
  return place < 0 ? [] : [`${name}[${place}] is ${got.data[place]}, not ${want.data[place]} (${worst} of ${scale})`];
}

function distance(got: number, want: number): number {
  if (Object.is(got, want) || got === want) return 0;
  const error = Math.abs(got - want);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/** A digest of every result's bytes, by name. */
export function digests(values: Values): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data }]) => [
      name,
      createHash('sha256')
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        .digest('hex'),
    ]),
  );
}
