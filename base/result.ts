/**
 * Expected failures are values: a `Failure` says what is wrong, where, and what to do. Exceptions are bugs.
 * Every failure has a stable code, so that scripts and tests can rely on it.
 */
export type Result<T, E = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export interface Failure {
  /** Stable, upper case, e.g. `DATA_TRUNCATED`. */
  readonly code: string;
  /** One sentence: what is wrong, the rule, what was found. */
  readonly message: string;
  /** The file or node concerned, if there is one. */
  readonly place?: string;
  /** What the user can do about it. */
  readonly help?: string;
}

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fail(
  code: string,
  message: string,
  more: { place?: string; help?: string } = {},
): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error: { code, message, ...more } };
}

/** Carries a `Failure` through code that cannot return a `Result` (a stage's own step, say). */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new FailureError(result.error);
  return result.value;
}
