/** Writer of IDX files of unsigned bytes, for the bundled subsets: equal values give equal bytes. */
import { constants, gzipSync } from 'node:zlib';
import { type Idx, UNSIGNED_BYTE } from './idx.ts';

export function encodeIdx({ shape, values }: Idx): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, UNSIGNED_BYTE);
  header.setUint8(3, shape.length);
  for (const [axis, length] of shape.entries()) header.setUint32(4 + 4 * axis, length);
  return Buffer.concat([new Uint8Array(header.buffer), values]);
}

/** As small as zlib makes it, without the time or the system in its header, so that it does not change from day to day. */
export function gzipReproducibly(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION, memLevel: 9 });
  packed.fill(0, 4, 8); // Time of modification: none.
  packed[9] = 255; // Operating system: unknown.
  return packed;
}
