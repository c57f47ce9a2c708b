/**
 * Runs what a provenance file records, in a store of its own, and compares every artifact by its digest. Exits 0 where all
 * are the same, 6 where some differ, 1 where nodes failed; what could make them differ is told before anything starts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { canonicalJson } from '../../../base/canonical-json.ts';
import type { Json } from '../../../base/json.ts';
import { fail, type Result } from '../../../base/result.ts';
import { digestsOf, type ReproducibleRecord, recordIn } from '../../export/provenance.ts';
import type { Plan } from '../../plan/plan.ts';
import { count, figures } from '../../report/wording.ts';
import { runPlan } from '../../run/run.ts';
import { errorCode } from '../../store/disk-failure.ts';
import { readKey } from '../../store/keys.ts';
import { openStore, type Store } from '../../store/store.ts';
import { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { print, tell, tellDiagnostics, tellFailure, tellUsage } from '../output.ts';
import { planning, resolveAll } from '../prepare.ts';
import { openReporter, reporterName } from '../reporter.ts';
import { keepStandingOfRun, standingKeeper } from '../run-standing.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const [file = ''] = args.operands;
  const read = readRecordFile(file);
  if (!read.ok) {
    tellFailure(read.error);
    return EXIT.usage;
  }
  const record = read.value;
  const folder = args.text('store') ?? `reproduced-${record.run}`;
  const fresh = freshStore(folder, args);
  if (!fresh) return EXIT.usage;
  // The recorded backend, and not what this machine would choose.
  const own = new Arguments(
    [file],
    new Map([
      ...given(args),
      ['backend', record.backend],
      ['numerics', record.numericsMode ?? 'strict'],
      ['store', folder],
    ]),
    args.settings,
  );
  const resolved = resolveAll({ files: [record.experiment.file], overrides: [] }, own, JSON.stringify(record.config));
  if (!resolved.ok) {
    tellDiagnostics(resolved.error);
    return EXIT.usage;
  }
  const [experiment] = resolved.value;
  if (!experiment) throw new Error('Internal error: expected one experiment');
  const { data, planWith } = planning(experiment, own);
  const plan = planWith(record.backend);
  if (!plan.ok || !data.ok) {
    const failure = plan.ok ? data : plan;
    if (!failure.ok) tellFailure(failure.error);
    return failure.ok ? EXIT.usage : exitCodeOf(failure.error);
  }
  if (plan.value.data.digest !== record.data.digest) {
    tell(
      `The data are not those of the record: ${plan.value.data.description} here, ${record.data.description} there.\n    Name the same files with --data DIR.\n`,
    );
    return EXIT.usage;
  }
  for (const line of differences(record, plan.value)) tell(`${line}\n`);
  const store = told(openStore(folder, { create: true }));
  if (!store.ok) return store.exit;
  const stopping = interruption();
  const reporter = await openReporter(reporterName(args.text('reporter')), stopping.press);
  try {
    const ended = await runPlan({
      plan: plan.value,
      experiment,
      store: store.value,
      data: data.value,
      reporters: [reporter, standingKeeper(store.value)],
      signal: stopping.signal,
    });
    keepStandingOfRun(store.value, ended.run);
    if (ended.outcome === 'interrupted') return EXIT.interrupted;
  } finally {
    stopping.close();
    await reporter.close();
  }
  return compare(record, plan.value, store.value, args);
}

function readRecordFile(file: string): Result<ReproducibleRecord> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail('PROV_UNREADABLE', whyUnreadable(error), { place: file, help: WRITES_ONE });
  }
  const record = recordIn(document);
  return record
    ? { ok: true, value: record }
    : fail('PROV_UNREADABLE', 'The file holds no record of a run of retort.', {
        place: file,
        help: WRITES_ONE,
      });
}

const WRITES_ONE = '`retort export RUN --format prov --to FILE` writes one.';

function whyUnreadable(error: unknown): string {
  if (error instanceof SyntaxError) return `The file is not JSON: ${error.message}.`;
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'There is no such file.';
    case 'EISDIR':
      return 'Expected a file, and this is a folder.';
    case 'EACCES':
    case 'EPERM':
      return 'The file may not be read by this user.';
    default:
      return `The file cannot be read: ${(error as Error).message}.`;
  }
}

/** Nothing may be there already: a hit would prove nothing. An interrupted reproduction is continued. */
function freshStore(folder: string, args: Arguments): boolean {
  if (!existsSync(folder) || readdirSync(folder).length === 0 || args.has('continue')) return true;
  tellUsage(
    `${folder}: Expected a store with nothing in it, so that everything is computed again; \`--continue\` goes on with an interrupted reproduction.`,
    'reproduce',
  );
  return false;
}

function given(args: Arguments): [string, string][] {
  const data = args.text('data');
  return data === undefined ? [] : [['data', data]];
}

/** What may make results differ, in sentences. */
function differences(record: ReproducibleRecord, plan: Plan): string[] {
  const lines: string[] = [];
  for (const name of new Set([...Object.keys(record.numerics), ...Object.keys(plan.numerics)]))
    if (record.numerics[name] !== plan.numerics[name])
      lines.push(
        `differs here: ${name} is ${plan.numerics[name] ?? 'absent'}, and was ${record.numerics[name] ?? 'absent'}; the last bits may differ.`,
      );
  const keys = new Map(plan.nodes.map(({ id, key }) => [id, key]));
  const others = record.nodes.filter(({ id, key }) => keys.get(id) !== key);
  if (others.length > 0 && lines.length === 0)
    lines.push(
      `differs here: ${count(others.length, 'node')} of ${record.nodes.length} would be another computation (another version of a stage, or another default), first ${others[0]?.id}.`,
    );
  return lines;
}

function compare(record: ReproducibleRecord, plan: Plan, store: Store, args: Arguments): number {
  const compared = record.nodes.map(({ id, artifacts, metrics }) => {
    const node = plan.nodes.find((candidate) => candidate.id === id);
    const made = node && readKey(store, node.key);
    const then = artifacts && canonicalJson(artifacts as unknown as Json);
    const same = made && canonicalJson(digestsOf(made) as unknown as Json) === then;
    const state = then === undefined ? 'not recorded' : !made ? 'missing' : same ? 'same' : 'different';
    return { node: id, state, ...(metrics && { recorded: metrics }), ...(made && { reproduced: made.metrics }) };
  });
  const number = (state: string) => compared.filter((one) => one.state === state).length;
  if (args.has('json'))
    print(`${JSON.stringify({ schema: 'retort-reproduced/1', run: record.run, nodes: compared }, null, 2)}\n`);
  else {
    for (const { node, state, recorded = {}, reproduced = {} } of compared)
      if (state === 'different' || state === 'missing')
        print(
          `${state}: ${node}${state === 'different' ? `: ${figures(recorded)} there, ${figures(reproduced)} here` : ''}\n`,
        );
    const rest = (['different', 'missing', 'not recorded'] as const).flatMap((state) =>
      number(state) > 0 ? [`${number(state)} ${state}`] : [],
    );
    print(
      `${count(number('same'), 'node')} of ${compared.length} the same, byte for byte${rest.length > 0 ? `; ${rest.join(', ')}` : ''}.\n`,
    );
  }
  if (number('missing') > 0) return EXIT.failed;
  return number('different') > 0 ? EXIT.different : EXIT.done;
}
