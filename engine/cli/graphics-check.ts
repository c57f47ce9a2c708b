/**
 * Whether the backends of some plans work here, as far as a plan cannot know: a GPU is seen only by loading what drives it.
 * Asked before anything starts, so that a missing driver is one sentence and not a failure of every node.
 */
import type { Failure } from '../../base/result.ts';
import type { Plan } from '../plan/plan.ts';

export async function missingGraphics(plans: readonly Plan[]): Promise<Failure | undefined> {
  for (const name of new Set(plans.map(({ backend }) => backend))) {
    if (!name.includes(':')) continue;
    const found = await (await import('../../tensor/backends/probe.ts')).probeBackend(name);
    if (!found.ok) return found.error;
  }
  return undefined;
}
