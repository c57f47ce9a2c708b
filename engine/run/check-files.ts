/**
 * Files of the user that stages read, looked at before anything runs: what does not fit the data is told while it costs
 * nothing, and not when its turn has come. Whether they are there is `track-files.ts`'s to say.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Failure } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import type { StageKind } from '../../stages/stage.ts';
import type { ResolvedExperiment } from '../plan/experiment.ts';

/** The first that cannot be used; each file is read once for a kind, however many cells name it. */
export async function checkFiles(
  experiment: ResolvedExperiment,
  kinds: readonly StageKind[],
  data: DataSetFacts,
): Promise<Failure | undefined> {
  const folder = dirname(resolve(experiment.file));
  const checked = new Set<string>();
  for (const { stages } of experiment.cells)
    for (const { kind: name, params } of stages) {
      const files = kinds.find(({ kind }) => kind === name)?.userFiles;
      if (!files?.check) continue;
      const listed = params[files.list];
      for (const path of typeof listed === 'string' ? [listed] : Array.isArray(listed) ? listed.map(String) : []) {
        const place = resolve(folder, path);
        if (checked.has(`${name} ${place}`)) continue;
        checked.add(`${name} ${place}`);
        const bytes = read(place);
        const found = bytes && (await files.check(bytes, place, data));
        if (found && !found.ok) return found.error;
      }
    }
  return undefined;
}

function read(place: string): Uint8Array | undefined {
  try {
    return readFileSync(place);
  } catch {
    return undefined;
  }
}
