/** Which operation of a method a node of an engine's graph came from, for what the engine says of its own nodes. */
import type { Expr } from '../expr.ts';
import { described, shownOrigin } from '../ops/describe.ts';

export interface Source {
  readonly what: string;
  readonly origin: string | undefined;
}

export function sourceOf({ op, inputs, origin }: Expr): Source {
  return { what: `\`${op}\` of ${described(inputs)}`, origin };
}

/** The engine's error with the operation, its shapes and the line that built it; as it is where it names no node. */
export function explained(error: unknown, sourceIn: (message: string) => Source | undefined): unknown {
  if (!(error instanceof Error)) return error;
  const source = sourceIn(error.message);
  if (!source) return error;
  const line = source.origin === undefined ? '' : `, built at ${shownOrigin(source.origin)}`;
  return new Error(`${source.what}${line}: ${error.message}`, { cause: error });
}
