/**
 * A program that asked for JSON gets one document in any case: where a command ends with mistakes and has printed none, they
 * are it. People read the same on stderr.
 */
import type { Failure } from '../../base/result.ts';
import type { Diagnostic } from '../config/diagnostics.ts';

/** Of a failure that has no place in a text, `file` is the file or folder that it speaks of. */
export type ToldError = Pick<Failure, 'code' | 'message' | 'help'> & Partial<Diagnostic>;

const told: ToldError[] = [];
let isWanted = false;

export function wantJson(): void {
  isWanted = true;
}

export function note(errors: readonly ToldError[]): void {
  told.push(...errors);
}

/** Undefined where nobody wants it, or nothing went wrong. */
export function errorDocument(): string | undefined {
  if (!isWanted || told.length === 0) return undefined;
  return `${JSON.stringify({ schema: 'retort-diagnostics/1', errors: told }, null, 2)}\n`;
}
