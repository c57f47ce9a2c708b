/**
 * Gzip of untrusted files in bounded memory. Messages complete a sentence that begins with the file's name.
 * Invariant: nothing here unpacks more than the caller's bound or, for a file's start, 8 MB, whatever its bytes say.
 */
import { constants, gunzipSync } from 'node:zlib';
import { fail, ok, type Result } from '../base/result.ts';

/** No stream of deflate unpacks to more than this many times its length (two bits for a match of 258 bytes). */
const LARGEST_RATIO = 1032;

/** Enough for the gzip header, the code tables of the first block and the first values; unpacks to 8 MB at most. */
const START_BYTES = 8192;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** No gzip file of `length` bytes unpacks to more than this. */
export function largestGunzip(length: number): number {
  return length * LARGEST_RATIO;
}

/** What the first bytes unpack to; that the rest is missing is no failure here. */
export function gunzipStart(bytes: Uint8Array): Result<Uint8Array> {
  try {
    return ok(gunzipSync(bytes.subarray(0, START_BYTES), { finishFlush: constants.Z_SYNC_FLUSH }));
  } catch (error) {
    return failed(error, bytes);
  }
}

/** The whole content, which must not exceed `limit` bytes. */
export function gunzipWhole(bytes: Uint8Array, limit: number): Result<Uint8Array> {
  try {
    // With `info` zlib also hands out its engine, which knows how much of the input belonged to the stream.
    const { buffer, engine } = gunzipSync(bytes, { maxOutputLength: limit, info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    const rest = bytes.length - engine.bytesWritten;
    if (rest > 0) return fail('DATA_TOO_LONG', `is too long: ${rest} bytes follow the end of its gzip stream`);
    return ok(buffer);
  } catch (error) {
    return failed(error, bytes);
  }
}

function failed(error: unknown, bytes: Uint8Array): Result<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR')
    return fail(
      'DATA_TRUNCATED',
      `is truncated: its gzip stream is incomplete after ${bytes.length.toLocaleString('en-US')} bytes`,
    );
  if (code === 'ERR_BUFFER_TOO_LARGE') return fail('DATA_TOO_LONG', 'is too long: its gzip stream unpacks to more');
  return fail('DATA_CORRUPT', `is damaged: its gzip stream cannot be unpacked (${message})`);
}
