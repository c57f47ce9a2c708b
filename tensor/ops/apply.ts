/** Makes a node: checks inputs, infers the shape, remembers where it was built. */
import { type Attrs, type Expr, makeExpr } from '../expr.ts';
import { Rejection, type Signature } from './definition.ts';
import { described, shownOrigin } from './describe.ts';
import { callerOrigin } from './origin.ts';
import { opDefinition } from './registry.ts';

/** While a derivative is built, its nodes come from where the differentiated node did. */
let inherited: string | undefined;

export function withOrigin<T>(origin: string | undefined, build: () => T): T {
  const before = inherited;
  inherited = origin;
  try {
    return build();
  } finally {
    inherited = before;
  }
}

export function apply(op: string, inputs: readonly Expr[], attrs: Attrs = {}): Expr {
  const origin = inherited ?? callerOrigin();
  const { shape, dtype } = inferred(op, inputs, attrs, origin);
  return makeExpr({ op, inputs, attrs, shape, dtype, ...(origin === undefined ? {} : { origin }) });
}

function inferred(op: string, inputs: readonly Expr[], attrs: Attrs, origin: string | undefined): Signature {
  const definition = opDefinition(op);
  try {
    if (definition.arity !== 'any' && definition.arity !== inputs.length) {
      throw new Rejection(`it takes ${definition.arity} inputs, got ${inputs.length}`);
    }
    return definition.infer(inputs, attrs);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    throw new Error(
      `${op} of ${described(inputs)}: ${error.message}${origin === undefined ? '' : ` (${shownOrigin(origin)})`}`,
    );
  }
}
