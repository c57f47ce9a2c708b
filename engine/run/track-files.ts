/**
 * Files of the user that stages name, hashed before planning as the data are: the plan stays pure, and a file that changes
 * changes the keys of what is made with it. A stage that does not say what it reads is not tracked: it gets a value that
 * never comes again, so it is never found, and neither is what reads it.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { type Failure, fail, ok, type Result } from '../../base/result.ts';
import type { StageKind } from '../../stages/stage.ts';
import type { ResolvedExperiment, ResolvedStage } from '../plan/experiment.ts';

export interface Tracked {
  readonly experiment: ResolvedExperiment;
  /** Names of stages that are not tracked, each with all that is made from it. */
  readonly untracked: ReadonlyMap<string, readonly string[]>;
}

/** One for this process, so that all that it plans is one plan. */
const never = `${new Date().toISOString()} ${randomBytes(4).toString('hex')}`;

export function trackFiles(experiment: ResolvedExperiment, kinds: readonly StageKind[]): Result<Tracked> {
  const marked = kinds.flatMap(({ kind, userFiles }) => (userFiles ? [[kind, userFiles] as const] : []));
  const byKind = new Map(marked);
  if (!experiment.cells.some(({ stages }) => stages.some(({ kind }) => byKind.has(kind))))
    return ok({ experiment, untracked: new Map() });
  const folder = dirname(resolve(experiment.file));
  const digests = new Map<string, string>();
  const untracked = new Map<string, string[]>();
  let missing: Failure | undefined;
  const track = (stage: ResolvedStage, all: readonly ResolvedStage[]): ResolvedStage => {
    const files = byKind.get(stage.kind);
    if (!files) return stage;
    const { [files.list]: listed, ...params } = stage.params;
    const paths = typeof listed === 'string' ? [listed] : listed;
    if (!Array.isArray(paths)) {
      if (files.untracked === undefined) return stage;
      untracked.set(stage.name, below(stage.name, all));
      return { ...stage, params: { ...params, [files.untracked]: never } };
    }
    const found = paths.map(String).map((path) => {
      const place = resolve(folder, path);
      const digest = digests.get(place) ?? digestOf(place);
      if (digest === undefined) missing ??= noFile(stage.name, path, place);
      digests.set(place, digest ?? '');
      return [path, digest ?? ''];
    });
    return { ...stage, params: { ...params, [files.list]: Object.fromEntries(found) } };
  };
  const cells = experiment.cells.map((cell) => ({
    ...cell,
    stages: cell.stages.map((stage) => track(stage, cell.stages)),
  }));
  return missing ? { ok: false, error: missing } : ok({ experiment: { ...experiment, cells }, untracked });
}

/** Everything that reads it, near or far. */
function below(name: string, stages: readonly ResolvedStage[]): string[] {
  const found = new Set([name]);
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const stage of stages)
      if (Object.values(stage.inputs).some((input) => found.has(input))) found.add(stage.name);
  }
  return [...found].filter((other) => other !== name);
}

function digestOf(path: string): string | undefined {
  try {
    return sha256(readFileSync(path));
  } catch {
    return undefined;
  }
}

function noFile(stage: string, path: string, place: string): Failure {
  const { error } = fail(
    'FILE_MISSING',
    `The stage \`${stage}\` declares the file \`${path}\`, which cannot be read.`,
    {
      place,
      help: 'Files are named relative to the experiment.',
    },
  );
  return error;
}
