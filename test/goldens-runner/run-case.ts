/** One golden case on one backend: `ok`, `FAIL` or skipped with its reason. */
import { FailureError } from '../../base/result.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { readCase } from './case.ts';
import { compare } from './compare.ts';
import { evaluators } from './methods/index.ts';

export type Verdict =
  | { readonly state: 'ok' | 'FAIL'; readonly id: string; readonly ratio: number; readonly detail: string }
  | { readonly state: 'skipped'; readonly id: string; readonly detail: string };

/** `required` holds the ids of cases that may not skip. */
export async function runCase(folder: string, backend: Backend, required: ReadonlySet<string>): Promise<Verdict> {
  const golden = readCase(folder);
  if (!golden.ok) {
    return { state: 'FAIL', id: folder, ratio: Number.POSITIVE_INFINITY, detail: golden.error.message };
  }
  const { id, method } = golden.value;
  const skipped = (reason: string): Verdict =>
    required.has(id)
      ? { state: 'FAIL', id, ratio: Number.POSITIVE_INFINITY, detail: `required, but skipped: ${reason}` }
      : { state: 'skipped', id, detail: reason };
  const evaluate = Object.hasOwn(evaluators, method) ? evaluators[method] : undefined;
  if (!evaluate) return skipped(`method ${method} is not built yet`);
  try {
    const evaluated = await evaluate(golden.value, backend);
    if ('unsupported' in evaluated) return skipped(`not supported yet: ${evaluated.unsupported}`);
    const { ratio, output } = compare(golden.value, evaluated.computed);
    return { state: ratio <= 1 ? 'ok' : 'FAIL', id, ratio, detail: output };
  } catch (error) {
    const detail = error instanceof FailureError ? error.message : String((error as Error).stack);
    return { state: 'FAIL', id, ratio: Number.POSITIVE_INFINITY, detail };
  }
}

export function describeVerdict(verdict: Verdict): string {
  if (verdict.state === 'skipped') return `skipped  ${verdict.id}  ${verdict.detail}`;
  return `${verdict.state.padEnd(4)} ${verdict.ratio.toPrecision(2).padStart(8)}  ${verdict.id}  (${verdict.detail})`;
}
