/** What may fail, for commands: what went wrong has been told already, and what is left of it is the exit code. */
import type { Result } from '../../base/result.ts';
import { exitCodeOf } from './exit-codes.ts';
import { tellFailure } from './output.ts';

export type Told<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly exit: number };

export function told<T>(result: Result<T>): Told<T> {
  if (result.ok) return result;
  tellFailure(result.error);
  return { ok: false, exit: exitCodeOf(result.error) };
}
