/**
 * Pictures decoded as they are asked for, and the next ones while the caller works on these. What is read ahead is one batch
 * and no more, and only saves waiting: a batch is the same bytes whether it was read ahead or not, and a picture that cannot
 * be decoded is told when its own batch is asked for.
 */
import { type Result, unwrap } from '../base/result.ts';
import { beginDecoding, type Decoding, type PictureSize } from './decode-images.ts';

/** Bytes of pixels that are read ahead; of a batch beyond nothing is. */
const MOST_AHEAD = 256 * 2 ** 20;

export type DecodeAhead = (indices: ArrayLike<number>, next?: ArrayLike<number>) => Uint8Array;

/** Decodes the pictures at indices into `paths`; `next` are those that the caller will ask for next. */
export function decodeAhead(paths: readonly string[], size: PictureSize, mostAhead = MOST_AHEAD): DecodeAhead {
  let ahead: { readonly indices: readonly number[]; readonly decoding: Decoding } | undefined;
  const begin = (indices: readonly number[]): Decoding =>
    beginDecoding(
      indices.map((index) => paths[index] ?? ''),
      size,
    );
  return (asked, next = []) => {
    const indices = Array.from(asked);
    const before = ahead;
    ahead = undefined;
    const isAhead =
      before?.indices.length === indices.length && before.indices.every((index, at) => index === indices[at]);
    const pixels: Result<Uint8Array> = (isAhead ? before.decoding : begin(indices)).wait();
    // After the wait: pictures that are needed now are not held up by those that are not.
    if (pixels.ok && next.length > 0 && 3 * size.height * size.width * next.length <= mostAhead) {
      const coming = Array.from(next);
      ahead = { indices: coming, decoding: begin(coming) };
    }
    return unwrap(pixels);
  };
}
