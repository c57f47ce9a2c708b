/**
 * What the experiments at hand plan now: the files that are named, else those that runs of the store came from and those
 * under the working folder. A run's file is planned with the overrides and the backend with which it was run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../base/json.ts';
import { ok, type Result } from '../../base/result.ts';
import { allRuns, openRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { Arguments } from './arguments.ts';
import { planning, resolveAll } from './prepare.ts';

export interface CurrentPlans {
  /** Key → file. */
  readonly planned: Map<string, string>;
  /** File → why it cannot be planned. */
  readonly unplanned: Map<string, string>;
}

interface Way {
  readonly file: string;
  readonly overrides: readonly string[];
  readonly backend?: string;
  /** With `--rerun-on`: results that were made again have keys of their own. */
  readonly rerunOn?: string;
  readonly numerics?: string;
}

export function currentPlans(store: Store, args: Arguments): CurrentPlans {
  const named = args.operands;
  const ran = waysOfRuns(store);
  const found = named.length > 0 ? named : [...new Set([...ran.map(({ file }) => file), ...experimentsUnder('.')])];
  const plans: CurrentPlans = { planned: new Map(), unplanned: new Map() };
  for (const file of found) {
    if (!isThere(file)) {
      if (named.length > 0) plans.unplanned.set(file, 'there is no such file');
      continue;
    }
    const own = ran.filter((way) => way.file === file);
    const plain = keysOf({ file, overrides: [] }, args);
    if (!plain.ok && (named.length > 0 || own.length > 0)) plans.unplanned.set(file, plain.error);
    const ways = [plain, ...own.map((way) => keysOf(way, args))];
    for (const keys of ways) if (keys.ok) for (const key of keys.value) plans.planned.set(key, file);
  }
  return plans;
}

/** Each once. */
function waysOfRuns(store: Store): Way[] {
  const ways = new Map<string, Way>();
  for (const id of allRuns(store)) {
    const run = openRun(store, id);
    if (!run.ok) continue;
    const { plan, folder } = run.value;
    const way = {
      file: plan.experiment.file,
      overrides: overridesOf(folder),
      backend: plan.backend,
      ...(plan.numericsMode && { numerics: plan.numericsMode }),
      ...(plan.rerunOn && { rerunOn: plan.rerunOn }),
    };
    ways.set(JSON.stringify(way), way);
  }
  return [...ways.values()];
}

function overridesOf(folder: string): string[] {
  try {
    const { overrides } = JSON.parse(readFileSync(join(folder, 'config.resolved.json'), 'utf8')) as JsonObject;
    return Array.isArray(overrides) ? overrides.map(String) : [];
  } catch {
    return [];
  }
}

function keysOf({ file, overrides, backend, rerunOn, numerics }: Way, args: Arguments): Result<string[], string> {
  const values = new Map(
    ['store', 'data'].flatMap((flag) => (args.has(flag) ? [[flag, args.text(flag) ?? '']] : [])) as [string, string][],
  );
  if (backend !== undefined) values.set('backend', backend);
  if (numerics !== undefined) values.set('numerics', numerics);
  if (rerunOn !== undefined) values.set('rerun-on', rerunOn);
  const own = new Arguments([file], values, args.settings);
  const resolved = resolveAll({ files: [file], overrides }, own);
  if (!resolved.ok) return { ok: false, error: `${resolved.error[0]?.message ?? 'it has errors'}` };
  const keys: string[] = [];
  for (const experiment of resolved.value) {
    const plan = planning(experiment, own).planWith(experiment.backend);
    if (!plan.ok) return { ok: false, error: plan.error.message };
    keys.push(...plan.value.nodes.map(({ key }) => key));
  }
  return ok(keys);
}

const DEEPEST = 4;

/** Files that look like experiments, without hidden folders and those of packages. */
function experimentsUnder(folder: string, depth = 0): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : join(folder, entry.name);
    if (entry.isDirectory()) {
      const skipped = depth === DEEPEST || /^\.|^node_modules$|^dist$/.test(entry.name) || isStore(path);
      return skipped ? [] : experimentsUnder(path, depth + 1);
    }
    return entry.isFile() && /\.ya?ml$/.test(entry.name) && looksLikeExperiment(path) ? [path] : [];
  });
}

function isStore(path: string): boolean {
  return isThere(join(path, 'VERSION')) && isThere(join(path, 'data-digests.json'));
}

function looksLikeExperiment(path: string): boolean {
  try {
    const text = readFileSync(path, 'utf8');
    return /^(stages|extends):/m.test(text) && /^(version|extends):/m.test(text);
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
