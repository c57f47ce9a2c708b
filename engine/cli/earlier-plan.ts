/** What a plan differs in from the newest run of an experiment of its name: told by `plan` and `run`, for the file may have changed. */
import { stageKinds } from '../../stages/registry.ts';
import { type PlanDifference, planDifference } from '../plan/difference.ts';
import type { Plan } from '../plan/plan.ts';
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
  if (!run.ok) return undefined;
  const was = run.value.plan;
  return planDifference(newest.id, was, plan, { unseen: unseen !== undefined, untracked: untrackedIn([was, plan]) });
}

/** Where stages that do not say what they read have the value that never comes again. */
function untrackedIn(plans: readonly Plan[]): ReadonlySet<string> {
  const marks = new Map(stageKinds.map(({ kind, userFiles }) => [kind, userFiles?.untracked]));
  return new Set(
    plans.flatMap(({ nodes }) =>
      nodes.flatMap(({ manifest, uses }) => {
        const mark = marks.get(manifest.stage);
        return mark !== undefined && mark in manifest.params ? uses.map(({ stage }) => `${stage}.${mark}`) : [];
      }),
    ),
  );
}

export function newestRunOf(store: Store, name: string): RunRecord | undefined {
  for (const id of allRuns(store).reverse()) {
    const record = readRunRecord(store, id);
    if (record?.name === name) return record;
  }
  return undefined;
}
