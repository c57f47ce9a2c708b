/** What a plan differs in from the newest run of an experiment of its name: told by `plan` and `run`, for the file may have changed. */
import { type PlanDifference, planDifference } from '../plan/difference.ts';
import { allRuns, openRun, planDigest, type RunRecord, readRunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Prepared } from './prepare.ts';

/**
 * Undefined where there is no earlier run, or nothing differs. A run wants the plan's digest anyway, and need then not read a
 * plan that has the same; to make it for this alone takes longer than to read.
 */
export function differenceSince(
  store: Store | undefined,
  { plan, unseen }: Pick<Prepared, 'plan' | 'unseen'>,
  { byDigest = false }: { readonly byDigest?: boolean } = {},
): PlanDifference | undefined {
  const newest = store && newestRunOf(store, plan.experiment.name);
  if (!newest || (byDigest && newest.planDigest === planDigest(plan))) return undefined;
  const run = openRun(store, newest.id);
  // What is wrong with it, `verify` says.
  return run.ok ? planDifference(newest.id, run.value.plan, plan, { unseen: unseen !== undefined }) : undefined;
}

export function newestRunOf(store: Store, name: string): RunRecord | undefined {
  for (const id of allRuns(store).reverse()) {
    const record = readRunRecord(store, id);
    if (record?.name === name) return record;
  }
  return undefined;
}
