/** SHA-256 in lower-case hexadecimal: the name of every object and every key. Text is hashed as UTF-8. */
import { createHash } from 'node:crypto';

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
