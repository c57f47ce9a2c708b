/**
 * From file names on a command line to plans: resolve, find the data, hash them, ask the backend for its versions, plan.
 * Every command that speaks of an experiment goes this way, so that all of them mean the same nodes. Nothing is written:
 * every mistake is found and told before the store is touched.
 */
import { type Failure, ok, type Result } from '../../base/result.ts';
import { dataSetNames, type LocatedDataSet, locateDataSet, unseenDataSet } from '../../data/registry.ts';
import { stageKinds } from '../../stages/registry.ts';
import { backendNumerics } from '../../tensor/backends/open.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { suggestion } from '../config/nearest.ts';
import { looksLikeOverride } from '../config/overrides.ts';
import { BACKENDS, type Resolved, resolveExperiments } from '../config/resolve.ts';
import { buildPlan } from '../plan/build.ts';
import type { ResolvedExperiment } from '../plan/experiment.ts';
import type { Plan } from '../plan/plan.ts';
import { checkFiles, type FileFacts } from '../run/check-files.ts';
import { checkedData } from '../run/checked-data.ts';
import { digestDataSet } from '../run/digest-data.ts';
import { trackFiles } from '../run/track-files.ts';
import type { Arguments } from './arguments.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { dataFolder, storeFolder } from './folders.ts';
import { frozenBackend } from './frozen-backend.ts';
import { tell, tellDiagnostics, tellFailure, tellUsage } from './output.ts';
import { rerunOnCode } from './present-code.ts';
import { storeToRead } from './results.ts';
import type { Told } from './told.ts';

export interface Prepared {
  readonly experiment: ResolvedExperiment;
  readonly plan: Plan;
  readonly data: LocatedDataSet;
  /** Of the files of the user that stages name. */
  readonly files: FileFacts;
  /** Why the data have not been seen; the plan's keys then mean nothing. */
  readonly unseen?: Failure;
}

export interface Operands {
  readonly files: readonly string[];
  readonly overrides: readonly string[];
}

/** Files and overrides may be mixed, as long as there is a file. */
export function operandsOf(args: Arguments, command: string): Told<Operands> {
  const overrides = args.operands.filter(looksLikeOverride);
  const backend = args.text('backend');
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    tellUsage(`There is no backend \`${backend}\`. ${suggestion(backend, BACKENDS, 'Backends') ?? ''}`.trim(), command);
    return { ok: false, exit: EXIT.usage };
  }
  const files = [...new Set(args.operands.filter((operand) => !looksLikeOverride(operand)))];
  if (files.length > 0) return { ok: true, value: { files, overrides } };
  tellUsage(`Expected an experiment file, got only \`${overrides.join(' ')}\`.`, command);
  return { ok: false, exit: EXIT.usage };
}

/** Without a word to the user. With a text: that of each file, which is then not read. */
export function resolveAll({ files, overrides }: Operands, args: Arguments, text?: string): Resolved {
  const backend = args.text('backend');
  const numerics = args.text('numerics');
  const { backend: defaultBackend, numerics: defaultNumerics } = args.settings;
  return resolveExperiments(
    files.map((path) => ({ path, ...(text !== undefined && { text }) })),
    overrides,
    {
      stageKinds,
      dataSets: dataSetNames,
      dataSummary: (set) => {
        const found = locatedDataSet(set, args);
        return found.ok ? found.value.summary : undefined;
      },
      ...(backend !== undefined && { backend }),
      ...(defaultBackend && { defaultBackend }),
      ...(numerics !== undefined && { numerics }),
      ...(defaultNumerics && { defaultNumerics }),
    },
  );
}

const located = new Map<string, Result<LocatedDataSet>>();

/** Looked for once in a command: checking reads every file that is not known yet. */
function locatedDataSet(set: string, args: Arguments): Result<LocatedDataSet> {
  const folder = dataFolder(args);
  const key = JSON.stringify([set, folder]);
  const found = located.get(key) ?? locateDataSet(set, folder, checkedData(storeFolder(args)));
  located.set(key, found);
  return found;
}

export function toldAs(errors: readonly Diagnostic[]): { readonly ok: false; readonly exit: number } {
  tellDiagnostics(errors);
  return { ok: false, exit: EXIT.usage };
}

/** `unseen`: what can be said without the data is wanted, too. */
export async function prepare(
  operands: Operands,
  args: Arguments,
  { unseen = false }: { readonly unseen?: boolean } = {},
): Promise<Told<readonly Prepared[]>> {
  const resolved = resolveAll(operands, args);
  if (!resolved.ok) return toldAs(resolved.error);
  const failures = new Map<string, Failure>();
  const prepared: Prepared[] = [];
  for (const experiment of resolved.value) {
    const { data, planWith, untracked, missing } = planning(experiment, args, unseen);
    for (const [stage, below] of untracked) tell(`${experiment.file}: ${untrackedSentence(stage, below)}\n`);
    const frozen = data.ok && !missing ? frozenBackend(experiment, planWith, args) : undefined;
    const plan = frozen ?? planWith(experiment.backend);
    for (const part of [data, plan]) if (!part.ok) failures.set(part.error.message, part.error);
    if (!data.ok || !plan.ok) continue;
    const files = await checkFiles(experiment, stageKinds, data.value.summary);
    if (files.ok)
      prepared.push({
        experiment: { ...experiment, backend: plan.value.backend },
        plan: plan.value,
        data: data.value,
        files: files.value,
        ...(missing && { unseen: missing }),
      });
    else failures.set(files.error.message, files.error);
  }
  const [first, ...more] = [...failures.values()];
  if (!first) return { ok: true, value: prepared };
  for (const failure of [first, ...more]) tellFailure(failure);
  return { ok: false, exit: exitCodeOf(first) };
}

function untrackedSentence(stage: string, below: readonly string[]): string {
  const readers = below.length > 0 ? `, and so does all that is made from it: ${below.join(', ')}` : '';
  return `The stage \`${stage}\` does not declare its \`files\`, so it is not tracked: it runs every time${readers}.`;
}

/** Data that are damaged are another matter: somebody wants them to be there. */
const ABSENT: readonly string[] = ['DATA_NOT_BUNDLED', 'DATA_MISSING'];

/** How an experiment is planned with this machine's data, or why not; without a word to the user. */
export function planning(
  experiment: ResolvedExperiment,
  args: Arguments,
  unseen = false,
): {
  readonly data: Result<LocatedDataSet>;
  /** Why `data` is only what is known without the files. */
  readonly missing?: Failure;
  /** Stages that never are found again, with what reads them. */
  readonly untracked: ReadonlyMap<string, readonly string[]>;
  planWith(backend: string): Result<Plan>;
} {
  const tracked = trackFiles(experiment, stageKinds);
  const found = locatedDataSet(experiment.data.set, args);
  const known = !found.ok && unseen && ABSENT.includes(found.error.code) && unseenDataSet(experiment.data.set);
  const data = known ? ok(known) : found;
  return {
    data,
    ...(known && !found.ok && { missing: found.error }),
    untracked: tracked.ok ? tracked.value.untracked : new Map(),
    planWith(backend) {
      if (!tracked.ok) return tracked;
      const numerics = backendNumerics(backend);
      if (!data.ok || !numerics.ok) return data.ok ? (numerics as Result<never>) : data;
      const plan = buildPlan(
        { ...tracked.value.experiment, backend },
        {
          stageKinds,
          dataDigest: known ? 'unseen' : digestDataSet(data.value.files, storeFolder(args)),
          dataDescription: data.value.description,
          data: data.value.summary,
          numerics: numerics.value,
        },
      );
      if (args.text('rerun-on') !== 'code' || known) return ok(plan);
      const store = storeToRead(args);
      return store.ok ? ok(rerunOnCode(plan, store.value)) : store;
    },
  };
}
