/** When two nodes, or two graphs, are the same: by operation, attributes, types, inputs and the content of constants. */
import { createHash } from 'node:crypto';
import type { Expr } from '../expr.ts';
import { inTopologicalOrder } from '../topological.ts';

/** Equal for constants of equal type, shape and bytes. */
export function constantKey({ dtype, shape, value }: Expr): string {
  if (!value) throw new Error('Internal error: expected a constant to have a value');
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = value.data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const content =
    byteLength <= 32 ? Buffer.from(bytes).toString('hex') : createHash('sha256').update(bytes).digest('hex');
  return `constant ${dtype} ${width} [${shape}] ${content}`;
}

/** Of these, a and b may change places without changing a bit. */
const COMMUTATIVE = new Set(['add', 'mul', 'eq', 'ne', 'and', 'or']);

/** `inputs` are the numbers of the node's inputs. Shape and type follow from these, so they are not in it. */
export function nodeKey({ op, attrs }: Expr, inputs: readonly number[]): string {
  const ordered = COMMUTATIVE.has(op) ? [...inputs].sort((a, b) => a - b) : inputs;
  const sorted = Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${op} ${ordered} ${sorted.length === 0 ? '' : JSON.stringify(sorted, exactNumber)}`;
}

/** JSON has no infinities, NaN and negative zero: a padding of -∞ must not equal one of NaN. */
function exactNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** SHA-256 of a whole graph: programs of equal digest compute the same from equal feeds. */
export function structureDigest(outputs: Readonly<Record<string, Expr>>): string {
  const hash = createHash('sha256');
  const numbers = new Map<Expr, number>();
  for (const expr of inTopologicalOrder(Object.values(outputs))) {
    numbers.set(expr, numbers.size);
    const inputs = expr.inputs.map((from) => numbers.get(from) as number);
    const leaf = expr.op === 'input' ? ` ${expr.dtype} [${expr.shape}]` : '';
    hash.update(`${expr.op === 'constant' ? constantKey(expr) : nodeKey(expr, inputs)}${leaf}\n`);
  }
  for (const [name, expr] of Object.entries(outputs)) hash.update(`out ${JSON.stringify(name)} ${numbers.get(expr)}\n`);
  return hash.digest('hex');
}
