/** The log of a node's newest attempt; `--follow` goes on with what is written until the attempt has ended. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { usesOfKey } from '../../store/key-uses.ts';
import { holderIn } from '../../store/leases.ts';
import { eventsPath, follow, readRunEvents } from '../../store/run-events.ts';
import { openRun, type RunFolder } from '../../store/runs.ts';
import { openStore } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findNode } from '../find-node.ts';
import { storeFolder } from '../folders.ts';
import { print, tell } from '../output.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const [name = ''] = args.operands;
  const store = openStore(storeFolder(args));
  const found = told(store.ok ? findNode(store.value, name) : store);
  if (!found.ok) return found.exit;
  const { run, name: node } = found.value;
  if (!run) {
    tell(`No run of this store has ${node} in its plan, so there is no log of it.\n`);
    return EXIT.usage;
  }
  return (
    (await logsIn(run, node, args)) ?? (await logsOfOlderRun(run, found.value.key, args)) ?? nothing(run, node, args)
  );
}

/** Undefined where there is none in this run. */
async function logsIn(run: RunFolder, node: string, args: Arguments): Promise<number | undefined> {
  const wanted = args.count('attempt');
  const attempts = attemptsOf(run, node);
  const attempt = wanted ?? attempts.at(-1);
  const log = attempt === undefined ? undefined : logPath(run, node, attempt);
  if (log === undefined || !existsSync(log)) {
    const comes = args.has('follow') && wanted === undefined && isDriven(run);
    return comes ? followNode(run, node, undefined) : undefined;
  }
  if (args.has('follow') && !args.has('json')) return followNode(run, node, log);
  await printLog({ run: run.id, node, attempt: attempt ?? 0, log }, args);
  return EXIT.done;
}

interface FoundLog {
  readonly run: string;
  readonly node: string;
  readonly attempt: number;
  readonly log: string;
}

async function printLog(found: FoundLog, args: Arguments): Promise<void> {
  if (!args.has('json')) {
    await copyFrom(found.log, 0);
    return;
  }
  const lines = readFileSync(found.log, 'utf8').split('\n').slice(0, -1);
  print(`${JSON.stringify({ schema: 'retort-log/1', ...found, lines }, null, 2)}\n`);
}

function logPath(run: RunFolder, node: string, attempt: number): string {
  return join(run.nodeFolder(node), `attempt-${attempt}`, 'log.txt');
}

/** Numbers, the newest last. */
function attemptsOf(run: RunFolder, node: string): number[] {
  const folder = run.nodeFolder(node);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^attempt-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Where the node was a hit, its log lies in the run that computed it. */
async function logsOfOlderRun({ store }: RunFolder, key: string, args: Arguments): Promise<number | undefined> {
  for (const use of await usesOfKey(store, key)) {
    const run = openRun(store, use.run);
    const attempt = run.ok ? attemptsOf(run.value, use.node).at(-1) : undefined;
    if (!run.ok || attempt === undefined) continue;
    tell(`Computed in run ${use.run}:\n`);
    const log = logPath(run.value, use.node, attempt);
    await printLog({ ...use, attempt, log }, args);
    return EXIT.done;
  }
  return undefined;
}

function nothing(run: RunFolder, node: string, args: Arguments): number {
  const attempts = attemptsOf(run, node);
  tell(
    attempts.length === 0
      ? `${node} has not been computed in run ${run.id}: there is no log of it.\n`
      : `${node} of run ${run.id} has no attempt ${args.count('attempt') ?? ''}; there are ${attempts.join(', ')}.\n`,
  );
  return EXIT.usage;
}

function isDriven(run: RunFolder): boolean {
  return holderIn(join(run.folder, 'lease'), run.store.tmp) !== undefined;
}

/** Waits for the log where there is none yet; a further attempt is followed, too. */
function followNode(run: RunFolder, node: string, first: string | undefined): Promise<number> {
  const hasEnded = endWatch(run, node);
  return new Promise((settle) => {
    let log = first;
    let offset = 0;
    let busy = false;
    let again = false;
    const look = async (): Promise<void> => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      do {
        again = false;
        // Asked before the log is read: what was written until the end is then in it.
        const over = hasEnded();
        const newest = attemptsOf(run, node).at(-1);
        const path = newest === undefined ? undefined : logPath(run, node, newest);
        if (path !== log) {
          if (log !== undefined) offset = 0;
          log = path;
        }
        if (log !== undefined && existsSync(log)) offset = await copyFrom(log, offset);
        if (over) {
          for (const each of following) each.close();
          settle(EXIT.done);
          return;
        }
      } while (again);
      busy = false;
    };
    const changed = () => void look();
    const following = [follow(eventsPath(run.store, run.id), changed), follow(first ?? run.folder, changed)];
    changed();
  });
}

/** Whether its newest word says so, or nobody drives the run any more; reads on from where it was. */
function endWatch(run: RunFolder, node: string): () => boolean {
  let over = false;
  let next = 0;
  return () => {
    const read = readRunEvents(eventsPath(run.store, run.id), { from: next, brief: true });
    next = read.next;
    for (const event of read.events) {
      if (!('node' in event) || event.node !== node) continue;
      if (event.type === 'node-started') over = false;
      if (
        event.type === 'node-done' ||
        event.type === 'node-hit' ||
        event.type === 'node-cut-off' ||
        event.type === 'node-skipped'
      )
        over = true;
      if (event.type === 'node-failed' && !event.willRetry) over = true;
    }
    // Who writes lives; only of a silent driver it is asked.
    return over || (read.events.length === 0 && !isDriven(run));
  };
}

const CHUNK = 1 << 16;

/** To stdout, as slowly as it is read there; answers with the offset to go on from. */
async function copyFrom(path: string, from: number): Promise<number> {
  const file = openSync(path, 'r');
  const chunk = Buffer.alloc(CHUNK);
  let offset = from;
  try {
    for (;;) {
      const read = readSync(file, chunk, 0, CHUNK, offset);
      if (read === 0 || !process.stdout.writable) return offset;
      offset += read;
      await new Promise<void>((done) => process.stdout.write(Buffer.from(chunk.subarray(0, read)), () => done()));
    }
  } finally {
    closeSync(file);
  }
}
