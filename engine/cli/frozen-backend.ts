/**
 * A run keeps the backend that was frozen in it. Where neither the command nor the experiment names one, the default may
 * have changed since a run was interrupted; the same command must then continue that run, not begin a second one.
 */
import type { JsonObject } from '../../base/json.ts';
import { ok, type Result } from '../../base/result.ts';
import type { ResolvedExperiment } from '../plan/experiment.ts';
import type { Plan } from '../plan/plan.ts';
import { allRuns, openRun, planDigest, readRunEnd, readRunRecord } from '../store/runs.ts';
import type { Arguments } from './arguments.ts';
import { tell } from './output.ts';
import { storeToRead } from './results.ts';

/** The plan of the newest run of this experiment that has not ended; undefined where there is none or a backend is named. */
export function frozenBackend(
  experiment: ResolvedExperiment,
  planWith: (backend: string) => Result<Plan>,
  args: Arguments,
): Result<Plan> | undefined {
  if (args.has('backend') || (experiment.source as JsonObject).backend !== undefined) return undefined;
  const store = storeToRead(args);
  // What is wrong with the store is told where it is used.
  if (!store.ok || !store.value) return undefined;
  const plans = new Map<string, Result<Plan>>();
  for (const id of allRuns(store.value).reverse()) {
    const record = readRunRecord(store.value, id);
    if (record?.name !== experiment.name || readRunEnd(store.value, id)) continue;
    const run = openRun(store.value, id);
    if (!run.ok) continue;
    const { backend } = run.value.plan;
    const plan = plans.get(backend) ?? planWith(backend);
    plans.set(backend, plan);
    if (!plan.ok || planDigest(plan.value) !== record.planDigest) continue;
    if (backend !== experiment.backend)
      tell(
        `${experiment.file}: keeping backend ${backend}, with which the unfinished run ${id} was begun; the default is ${experiment.backend} now (\`--backend ${experiment.backend}\` begins anew with it).\n`,
      );
    return ok(plan.value);
  }
  return undefined;
}
