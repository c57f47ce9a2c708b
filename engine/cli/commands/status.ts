/** How a run stands, from its files alone; the one last at work unless one is named. */
import type { NodeState } from '../../events.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { ledgerWords } from '../../report/ledger-words.ts';
import type { RunningNode, Standing } from '../../report/standing.ts';
import { headline, secondsLeft } from '../../report/tui/view-model.ts';
import { count, duration, figure, rate } from '../../report/wording.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findRunId } from '../find-run.ts';
import { print, tell } from '../output.ts';
import { storeOfRuns } from '../results.ts';
import { standingOfRun } from '../run-standing.ts';
import { type RunSummary, summaryOfRun } from '../run-summaries.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = storeOfRuns(args);
  if (!store.ok) return store.exit;
  const id = told(findRunId(store.value, args.operands[0] ?? 'last'));
  if (!id.ok) return id.exit;
  const status = statusOf(store.value, id.value);
  if (!status) {
    tell(
      `The folder of ${id.value} holds no readable run.json; \`retort verify\` says what is damaged and what to do.\n`,
    );
    return EXIT.store;
  }
  print(args.has('json') ? `${JSON.stringify(asJson(status), null, 2)}\n` : page(status, Date.now()));
  return EXIT.done;
}

interface Status {
  readonly summary: RunSummary;
  readonly standing: Standing;
}

function statusOf(store: Store, id: string): Status | undefined {
  const summary = summaryOfRun(store, id);
  if (!summary) return undefined;
  const standing = standingOfRun(store, id, { driven: summary.driver !== undefined });
  const { counts, known } = standing;
  // What waits is only counted: most of it is in no event.
  const waiting = (counts.waiting ?? 0) + Math.max(0, summary.nodes - known);
  return { summary, standing: { ...standing, counts: { ...counts, waiting } } };
}

function asJson({ summary, standing: { counts, running, failures: failed, warnings, ledger } }: Status): object {
  return { schema: 'retort-status/1', ...summary, counts, running, failed, warnings, ledger };
}

const MOST_FAILURES = 10;

function page(status: Status, now: number): string {
  const { summary, standing } = status;
  const { running, failures, warnings, ledger } = standing;
  const { run, name, state, driver } = summary;
  const driven = driver ? `running in process ${driver.pid} on ${driver.host}` : state;
  const lines = [
    `${run}: ${driven}`,
    `${name}; started ${summary.startedAt.slice(0, 16).replace('T', ' ')} UTC${summary.seconds === undefined ? '' : `, took ${duration(summary.seconds)}`}`,
    `${count(summary.nodes, 'node')}: ${countWords(status)}`,
  ];
  if (running.length > 0) lines.push('', ...runningBlock(running, driver !== undefined, now));
  if (failures.length > 0)
    lines.push(
      '',
      ...failures
        .slice(0, MOST_FAILURES)
        .flatMap(({ node, failure, log }) => [`${node} failed: ${failure.message} (${failure.code})`, `  log: ${log}`]),
      ...(failures.length > MOST_FAILURES ? [`and ${failures.length - MOST_FAILURES} more`] : []),
    );
  if (warnings.length > 0) lines.push('', ...warnings.map((warning) => `! ${warning}`));
  const account = ledgerWords(ledger);
  if (account) lines.push('', account);
  if (state === 'unfinished') lines.push('', 'Nobody drives it now: running its experiment again continues it.');
  return `${lines.join('\n')}\n`;
}

const SHOWN: readonly NodeState[] = ['running', 'joined', 'done', 'hit', 'failed', 'skipped', 'cancelled', 'waiting'];

function countWords({ standing: { counts }, summary }: Status): string {
  const known = Object.keys(counts) as NodeState[];
  const states = [...SHOWN, ...known.filter((state) => !SHOWN.includes(state))];
  return states
    .filter((state) => (counts[state] ?? 0) > 0)
    .map((state) => `${counts[state]} ${state === 'running' && !summary.driver ? 'left unfinished' : state}`)
    .join(', ');
}

function runningBlock(running: readonly RunningNode[], alive: boolean, now: number): string[] {
  const left = (node: RunningNode) => (alive ? secondsLeft(node, now) : undefined);
  return textBlock([
    { header: alive ? 'running' : 'left unfinished', cells: running.map(({ id }) => id) },
    { header: 'step', cells: running.map(({ step, steps }) => `${step} of ${steps}`), right: true },
    { header: 'rate', cells: running.map((node) => rate(node.rate)), right: true },
    { header: 'left', cells: running.map((node) => optional(left(node), duration)), right: true },
    {
      header: 'figure',
      cells: running.map(({ figures }) => optional(headline(figures), ([name, value]) => `${name} ${figure(value)}`)),
    },
  ]);
}

function optional<T>(value: T | undefined, words: (value: T) => string): string {
  return value === undefined ? '' : words(value);
}
