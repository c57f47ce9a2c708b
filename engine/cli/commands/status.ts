/** How a run stands, from its files alone; the one last at work unless one is named. */
import type { NodeState, RunEvent } from '../../events.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { type LedgerTotals, ledgerOf } from '../../report/ledger.ts';
import { ledgerWords } from '../../report/ledger-words.ts';
import { advance, EMPTY, headline, type NodeView, secondsLeft } from '../../report/tui/view-model.ts';
import { count, duration, figure, rate } from '../../report/wording.ts';
import { eventsPath, readRunEvents } from '../../store/run-events.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findRunId } from '../find-run.ts';
import { print, tell } from '../output.ts';
import { storeOfRuns } from '../results.ts';
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
  readonly counts: Readonly<Partial<Record<NodeState, number>>>;
  /** Those of which anything is known; what waits is only counted. */
  readonly nodes: readonly NodeView[];
  readonly failures: readonly Extract<RunEvent, { type: 'node-failed' }>[];
  readonly warnings: readonly string[];
  readonly ledger: LedgerTotals;
}

function statusOf(store: Store, id: string): Status | undefined {
  const summary = summaryOfRun(store, id);
  if (!summary) return undefined;
  const { events } = readRunEvents(eventsPath(store, id), { brief: true });
  const model = advance(EMPTY, events);
  const nodes = [...model.nodes.values()];
  const counts: Partial<Record<NodeState, number>> = {};
  for (const { state } of nodes) counts[state] = (counts[state] ?? 0) + 1;
  counts.waiting = (counts.waiting ?? 0) + Math.max(0, summary.nodes - nodes.length);
  const failed = new Map<string, Extract<RunEvent, { type: 'node-failed' }>>();
  for (const event of events) if (event.type === 'node-failed') failed.set(event.node, event);
  const failures = [...failed.values()].filter(({ node }) => model.nodes.get(node)?.state === 'failed');
  return {
    summary,
    counts,
    nodes,
    failures,
    warnings: model.warnings,
    ledger: ledgerOf(summary.driver ? withoutOpen(events, nodes) : events),
  };
}

/** An attempt under way is no lost one: nobody can say yet what becomes of its steps. */
function withoutOpen(events: readonly RunEvent[], nodes: readonly NodeView[]): readonly RunEvent[] {
  const running = new Set(nodes.filter(({ state }) => state === 'running').map(({ id }) => id));
  const begun = new Map<string, number>();
  events.forEach((event, place) => {
    if (event.type === 'node-started' && running.has(event.node)) begun.set(event.node, place);
  });
  return events.filter(
    (event, place) => !('node' in event) || !event.node || place < (begun.get(event.node) ?? Infinity),
  );
}

function asJson({ summary, counts, nodes, failures, warnings, ledger }: Status): object {
  return {
    schema: 'retort-status/1',
    ...summary,
    counts,
    running: nodes.filter(({ state }) => state === 'running').map(({ history: _, order: __, ...node }) => node),
    failed: failures.map(({ node, failure, log }) => ({ node, failure, log })),
    warnings,
    ledger,
  };
}

const MOST_FAILURES = 10;

function page(status: Status, now: number): string {
  const { summary, nodes, failures, warnings, ledger } = status;
  const { run, name, state, driver } = summary;
  const running = nodes.filter((node) => node.state === 'running');
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

function countWords({ counts, summary }: Status): string {
  const known = Object.keys(counts) as NodeState[];
  const states = [...SHOWN, ...known.filter((state) => !SHOWN.includes(state))];
  return states
    .filter((state) => (counts[state] ?? 0) > 0)
    .map((state) => `${counts[state]} ${state === 'running' && !summary.driver ? 'left unfinished' : state}`)
    .join(', ');
}

function runningBlock(running: readonly NodeView[], alive: boolean, now: number): string[] {
  const left = (node: NodeView) => (alive ? secondsLeft(node, now) : undefined);
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
