/** The first experiment that a newcomer runs: what it plans. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../base/package-root.ts';
import { stageKinds } from '../../stages/registry.ts';
import { buildPlan } from '../plan/build.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

it('plans four sets of two methods, paired: set k of random is the start of set k of dm', () => {
  const resolved = resolveExperiments([{ path: join(packageRoot(), 'experiments/quickstart.yaml') }], [], {
    stageKinds,
  });
  if (!resolved.ok) throw new Error(formatDiagnostics(resolved.error));
  const [experiment] = resolved.value;
  const plan = buildPlan(experiment!, { stageKinds, dataDigest: 'd', dataDescription: '', numerics: {} });
  const counted: Record<string, number> = {};
  for (const { manifest } of plan.nodes) counted[manifest.stage] = (counted[manifest.stage] ?? 0) + 1;
  expect(counted).toEqual({ select: 4, match: 4, evaluate: 16 });
  for (const set of [1, 2, 3, 4]) {
    const start = plan.nodes.find((node) => node.id === `start[set=${set}]`);
    expect(start?.uses.map((use) => `${use.stage} ${use.set}`)).toEqual([
      `start ${set}`,
      `distil ${set}`,
      `start ${set}`,
    ]);
    expect(plan.nodes.find((node) => node.id === `distil[method=dm,set=${set}]`)?.inputs).toEqual({ start: start?.id });
  }
});
