/**
 * The events of a run that tell how things stand, without what is long and says no more: plans, where done nodes began, and
 * progress of attempts that have ended. Reduced to states or to a ledger, they give what all events give.
 *
 * Nearly all lines are progress and are told apart by their first characters. Only where an attempt has no end, which is
 * known when all has been read, that of the attempt is looked for in a second pass.
 */
import type { RunEvent } from '../events.ts';
import type { Plan } from '../plan/plan.ts';
import { eachPiece, LINE_END } from './whole-lines.ts';

/** `{"at":"2026-01-01T00:00:00.000Z","type":"`, as the journal writes every event. */
const TYPE_AT = 41;
const RUN_STARTED = Buffer.from('run-started"');
const STARTED = Buffer.from('node-started"');
const PROGRESS = Buffer.from('node-progress"');
const CHECKPOINT = Buffer.from('node-checkpoint"');
const NODE = '"node":"';
/** Lines of progress of an attempt: enough for a rate and a sparkline. */
const RECENT = 16;

interface Placed {
  /** Lines before it. */
  readonly line: number;
  readonly event: RunEvent;
}

/** Of the file. */
interface Piece {
  readonly offset: number;
  /** Lines before it. */
  readonly line: number;
}

/** An attempt, by the line on which it began. */
interface Begun {
  readonly line: number;
  readonly node: string;
  readonly attempt: number;
  /** The piece that it stands in. */
  readonly piece: Piece;
}

/** One to tell of in the second pass. */
interface Wanted extends Begun {
  /** The line on which another attempt at the node began; absent where it has ended, and only how it began is wanted. */
  readonly until?: number;
}

/** Whole lines from an offset on; `next` is the offset to go on from. Attempts that began before say nothing but their end. */
export function readBriefly(path: string, from: number): { readonly events: RunEvent[]; readonly next: number } {
  const events: Placed[] = [];
  const open = new Map<string, Begun>();
  /** By node: an attempt that has ended, which says no more once the node is done. */
  const ended = new Map<string, Begun>();
  const wanted: Wanted[] = [];
  const next = eachLine(path, { offset: from, line: 0 }, (bytes, start, stop, line, piece) => {
    if (isOnTheWay(bytes, start)) return;
    const begun = beginning(bytes, start, stop);
    if (begun) {
      const { node } = begun;
      const before = open.get(node);
      if (before) wanted.push({ ...before, until: line });
      const last = ended.get(node);
      if (last) wanted.push(last);
      ended.delete(node);
      open.set(node, { ...begun, line, piece });
      return;
    }
    const event = isOf(RUN_STARTED, bytes, start)
      ? withoutPlan(bytes.subarray(start, stop))
      : parsed(bytes.toString('utf8', start, stop));
    if (!event) return;
    events.push({ line, event });
    if (event.type === 'node-done') ended.delete(event.node);
    if (event.type !== 'attempt-ended') return;
    const attempt = open.get(event.node);
    if (attempt?.attempt !== event.attempt) return;
    open.delete(event.node);
    ended.set(event.node, attempt);
  });
  for (const begun of open.values()) wanted.push({ ...begun, until: Infinity });
  wanted.push(...ended.values());
  events.push(...attemptLines(path, wanted));
  return { events: events.sort((a, b) => a.line - b.line).map(({ event }) => event), next };
}

/** All of them, each `run-started` with an empty plan. */
export function readWithoutPlans(path: string, from: number): { readonly events: RunEvent[]; readonly next: number } {
  const events: RunEvent[] = [];
  const next = eachLine(path, { offset: from, line: 0 }, (bytes, start, stop) => {
    const line = bytes.subarray(start, stop);
    const event = isOf(RUN_STARTED, bytes, start) ? withoutPlan(line) : parsed(line.toString());
    if (event) events.push(event);
  });
  return { events, next };
}

/** Of each attempt how it began, and of one without an end its checkpoints and the last few lines of its progress. */
function attemptLines(path: string, wanted: readonly Wanted[]): Placed[] {
  const books = new Map<string, { attempt: Wanted; kept: Placed[]; progress: Placed[] }[]>();
  for (const attempt of wanted) {
    const book = { attempt, kept: [], progress: [] };
    const ofNode = books.get(attempt.node);
    if (ofNode) ofNode.push(book);
    else books.set(attempt.node, [book]);
  }
  const [first] = wanted.map(({ piece }) => piece).sort((a, b) => a.line - b.line);
  if (!first) return [];
  eachLine(path, first, (bytes, start, stop, line) => {
    if (!isOf(STARTED, bytes, start) && !isOnTheWay(bytes, start)) return;
    const text = bytes.toString('utf8', start, stop);
    const name = text.indexOf(NODE) + NODE.length;
    const node = text.slice(name, text.indexOf('"', name));
    // A name with a quote in it is known by parsing alone.
    if (!books.has(node) && !node.includes('\\')) return;
    const event = parsed(text);
    if (!event || !('node' in event) || event.node === undefined) return;
    const book = books
      .get(event.node)
      ?.find(({ attempt }) => attempt.line === line || (attempt.line < line && line < (attempt.until ?? 0)));
    if (event.type !== 'node-progress') book?.kept.push({ line, event });
    else if (book && book.progress.push({ line, event }) > 2 * RECENT) book.progress.splice(0, RECENT);
  });
  return [...books.values()].flat().flatMap(({ kept, progress }) => [...kept, ...progress.slice(-RECENT)]);
}

/** All of one node but its progress. */
export function readNodeEvents(path: string, node: string): RunEvent[] {
  const events: RunEvent[] = [];
  const name = Buffer.from(`${NODE}${JSON.stringify(node).slice(1)}`);
  eachPiece(path, 0, (bytes) => {
    for (let place = bytes.indexOf(name); place >= 0; place = bytes.indexOf(name, place)) {
      const start = bytes.lastIndexOf('\n', place) + 1;
      const stop = bytes.indexOf('\n', place);
      place = stop;
      const event = isOnTheWay(bytes, start) ? undefined : parsed(bytes.toString('utf8', start, stop));
      if (event && 'node' in event && event.node === node) events.push(event);
    }
  });
  return events;
}

type LookAtLine = (bytes: Buffer, start: number, stop: number, line: number, piece: Piece) => void;

/** Answers with the offset behind the last whole line. Few lines are wanted, so that decoding is left to who wants one. */
function eachLine(path: string, from: Piece, look: LookAtLine): number {
  let line = from.line;
  return eachPiece(path, from.offset, (bytes, offset) => {
    const piece = { offset, line };
    for (let start = 0; start < bytes.length; line++) {
      const stop = bytes.indexOf(LINE_END, start);
      if (stop > start) look(bytes, start, stop, line, piece);
      start = stop + 1;
    }
  });
}

const BEGINNING = /^node-started","node":"([^"\\]*(?:\\.[^"\\]*)*)","attempt":(\d+)/;

/** Of an attempt, if the line tells of one. */
function beginning(
  bytes: Buffer,
  start: number,
  stop: number,
): { readonly node: string; readonly attempt: number } | undefined {
  if (!isOf(STARTED, bytes, start)) return undefined;
  const [, name, attempt] = BEGINNING.exec(bytes.toString('utf8', start + TYPE_AT, stop)) ?? [];
  if (name === undefined) return undefined;
  return { node: name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name, attempt: Number(attempt) };
}

function isOnTheWay(bytes: Buffer, start: number): boolean {
  return isOf(PROGRESS, bytes, start) || isOf(CHECKPOINT, bytes, start);
}

/** Byte by byte: nearly all lines differ in the first few, and a call into the runtime takes longer. */
function isOf(type: Buffer, bytes: Buffer, start: number): boolean {
  for (let place = 0; place < type.length; place++) if (bytes[start + TYPE_AT + place] !== type[place]) return false;
  return true;
}

export function parsed(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    // Cut by a kill.
    return undefined;
  }
}

const PLAN = ',"plan":';
const NO_PLAN = { nodes: [], cells: [], axes: {}, experiment: { name: '', file: '' }, data: { description: '' } };

function withoutPlan(line: Buffer): RunEvent | undefined {
  const plan = line.indexOf(PLAN);
  if (plan < 0) return parsed(line.toString());
  const started = parsed(`${line.toString('utf8', 0, plan)}}`);
  return started && ({ ...started, plan: NO_PLAN as unknown as Plan, continues: false } as RunEvent);
}
