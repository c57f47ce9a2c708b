/** A file of lines, a piece at a time: of a run of weeks it is too long to be held at once. */
import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from './disk-failure.ts';

/** Bytes; in the caches of a processor, and rarely shorter than a line. */
const PIECE = 1 << 20;
export const LINE_END = 0x0a;

/**
 * Hands over the file from an offset on in pieces of whole lines, each with its own offset; answers with that behind the
 * last. The bytes of a piece are good until the next one. A file that is not there has no lines.
 */
export function eachPiece(path: string, from: number, look: (lines: Buffer, offset: number) => void): number {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return from;
    throw error;
  }
  try {
    let piece = Buffer.allocUnsafe(PIECE);
    let offset = from;
    let filled = 0;
    for (;;) {
      const read = readSync(file, piece, filled, piece.length - filled, offset + filled);
      if (read === 0) return offset;
      // What was there before has no end of line.
      const end = piece.subarray(filled, filled + read).lastIndexOf(LINE_END) + 1;
      const whole = end === 0 ? 0 : filled + end;
      filled += read;
      if (whole > 0) {
        look(piece.subarray(0, whole), offset);
        const rest = piece.subarray(whole, filled);
        // One long line does not make all later pieces long.
        if (piece.length > PIECE && rest.length < PIECE) piece = Buffer.allocUnsafe(PIECE);
        piece.set(rest);
        filled = rest.length;
        offset += whole;
      } else if (filled === piece.length) {
        const longer = Buffer.allocUnsafe(2 * piece.length);
        piece.copy(longer, 0, 0, filled);
        piece = longer;
      }
    }
  } finally {
    closeSync(file);
  }
}
