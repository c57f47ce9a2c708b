/** Operations of a step by what they waste: their time above what the processor's limit asks for. */
import type { Findings } from '../benchmark.ts';
import type { Cost } from './cost.ts';
import type { Limit } from './limit.ts';

/** One operation of one shape, summed over its occurrences in a step. */
export interface OpTime extends Cost {
  readonly what: string;
  readonly count: number;
  readonly ms: number;
}

const SHOWN = 14;

export function listOps(work: string, ops: readonly OpTime[], limit: Limit, { figure, note }: Findings): void {
  const total = ops.reduce((sum, { ms }) => sum + ms, 0);
  const least = ({ flops, bytes }: Cost) => 1000 * Math.max(flops / limit.flops, bytes / limit.bytes);
  const sorted = [...ops].sort((a, b) => b.ms - least(b) - (a.ms - least(a)));
  const line = (name: string, { ms, flops, bytes }: Omit<OpTime, 'what' | 'count'>, limitMs: number) =>
    figure(
      `${work}, ${name}`,
      ms,
      `ms, ${((100 * ms) / total).toFixed(1)} %, ${(flops / 1e9).toFixed(2)} GFLOP, ${(bytes / 1e6).toFixed(0)} MB, ${(ms / limitMs).toFixed(2)} x limit`,
    );
  for (const op of sorted.slice(0, SHOWN)) line(`${op.count} x ${op.what}`, op, least(op));
  const rest = sorted.slice(SHOWN);
  const sums = (of: readonly OpTime[]) => ({
    ms: of.reduce((sum, { ms }) => sum + ms, 0),
    flops: of.reduce((sum, { flops }) => sum + flops, 0),
    bytes: of.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  const leastOf = (of: readonly OpTime[]) => of.reduce((sum, op) => sum + least(op), 0);
  if (rest.length > 0) line(`${rest.length} others`, sums(rest), leastOf(rest));
  line('all operations', sums(ops), leastOf(ops));
  note(
    `${work}: sorted by time above the limit, which is the larger of multiplying and of moving each operation's values`,
  );
}

/** Equal operations as one. */
export function summed(ops: readonly OpTime[]): OpTime[] {
  const byName = new Map<string, OpTime>();
  for (const op of ops) {
    const known = byName.get(op.what);
    byName.set(
      op.what,
      known
        ? {
            what: op.what,
            count: known.count + op.count,
            ms: known.ms + op.ms,
            flops: known.flops + op.flops,
            bytes: known.bytes + op.bytes,
          }
        : op,
    );
  }
  return [...byName.values()];
}
