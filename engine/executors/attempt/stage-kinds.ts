/** The stage kind of a node. Only what is asked for is loaded: the product's own kinds not where a module has the kind. */
import { pathToFileURL } from 'node:url';
import { FailureError } from '../../../base/result.ts';
import type { StageKind } from '../../../stages/stage.ts';

export async function findStageKind(kind: string, modules: readonly string[]): Promise<StageKind> {
  for (const path of modules) {
    const { stageKinds } = (await import(pathToFileURL(path).href)) as { stageKinds: readonly StageKind[] };
    const found = stageKinds.find((candidate) => candidate.kind === kind);
    if (found) return found;
  }
  const found = (await import('../../../stages/registry.ts')).stageKind(kind);
  if (found) return found;
  throw new FailureError({
    code: 'STAGE_UNKNOWN',
    message: `There is no stage kind ${kind} here.`,
    help: 'The plan was made by another version of retort, or with stage modules that were not given now.',
  });
}
