/**
 * Files of the user that stages read, looked at before anything runs: what does not fit the data is told while it costs
 * nothing, and not when its turn has come. Whether they are there is `track-files.ts`'s to say.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { JsonObject } from '../../base/json.ts';
import { ok, type Result } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import type { StageKind } from '../../stages/stage.ts';
import type { ResolvedExperiment } from '../plan/experiment.ts';

/** What is known of files, by their names in the experiment. */
export type FileFacts = ReadonlyMap<string, JsonObject>;

/** A failure is of the first that cannot be used; a file that equal stages read in many cells is looked at once. */
export async function checkFiles(
  experiment: ResolvedExperiment,
  kinds: readonly StageKind[],
  data: DataSetFacts,
): Promise<Result<FileFacts>> {
  const folder = dirname(resolve(experiment.file));
  const checked = new Set<string>();
  const facts = new Map<string, JsonObject>();
  for (const { stages } of experiment.cells)
    for (const { name: stage, kind: name, params } of stages) {
      const files = kinds.find(({ kind }) => kind === name)?.userFiles;
      if (!files?.check) continue;
      const readers = stages.filter(({ inputs }) => Object.values(inputs).includes(stage));
      const readBy = canonicalJson(readers.map(({ kind, params: own }) => ({ kind, params: own })));
      const listed = params[files.list];
      for (const path of typeof listed === 'string' ? [listed] : Array.isArray(listed) ? listed.map(String) : []) {
        const place = resolve(folder, path);
        const asked = `${name} ${place} ${readBy}`;
        if (checked.has(asked)) continue;
        checked.add(asked);
        const bytes = read(place);
        const found = bytes && (await files.check({ place, bytes }, data, readers));
        if (found && !found.ok) return found;
        if (found) facts.set(path, { ...facts.get(path), ...found.value });
      }
    }
  return ok(facts);
}

function read(place: string): Uint8Array | undefined {
  try {
    return readFileSync(place);
  } catch {
    return undefined;
  }
}
