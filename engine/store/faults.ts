/**
 * Named points between the steps of every commit protocol. `RETORT_FAULT=name` or `name:n` makes the process kill itself
 * as `kill -9` would, the n-th time it passes the point, so that tests can stop it exactly there. `name:n@file` makes it
 * wait there instead: it makes the file, and goes on once somebody has removed that. Without the variable a point costs one
 * comparison.
 *
 * Invariant: whatever changes a file of the store has a point behind it, and every point is killed at by a test;
 * `test/fault-points.test.ts` holds the source to the first, the lists below to the second.
 */
import { existsSync, writeFileSync } from 'node:fs';

const STEPS = ['opened', 'half-written', 'written', 'synced', 'renamed', 'durable'] as const;
export type WriteStep = (typeof STEPS)[number];

/** What is written by `durable.ts`: each passes every step of it. */
export type DurableFile =
  | 'object'
  | 'key'
  | 'checkpoint-tensors'
  | 'checkpoint-record'
  | 'run-finished'
  | 'version'
  | 'pin'
  | 'cancel'
  | 'pruned'
  | 'chain-note'
  | 'trash-list'
  /** Files for people outside the store. */
  | 'export';

/** Files whose folder is renamed into place as a whole: never named, so never renamed, by themselves. */
export type BuiltFile = 'run-file' | 'probe';

/** What is written by `hint-files.ts`. */
export type HintFile = 'pointer' | 'standing' | 'data-digests' | 'data-checked';

const written = <F extends DurableFile>(file: F) => STEPS.map((step) => `${file}-${step}` as const);
const built = <F extends BuiltFile>(file: F) =>
  (['opened', 'half-written', 'written'] as const).map((step) => `${file}-${step}` as const);
const hint = <F extends HintFile>(file: F) =>
  (['written', 'renamed'] as const).map((step) => `${file}-${step}` as const);

/** Points of an attempt between the store's own, in their order. */
const ATTEMPT = ['stage-opened', 'step-done', 'stage-finished'] as const;

/** Those that a run passes. */
export const faultPoints = [
  ...ATTEMPT,
  ...built('run-file'),
  'run-built',
  'run-created',
  'lease-owner-written',
  'lease-built',
  'lease-taken',
  'fence-written',
  'lease-fenced',
  'lease-moved',
  'attempt-made',
  'artifact-linked',
  'event-half-written',
  'checkpoints-half-removed',
  'checkpoints-removed',
  'lease-released',
  ...written('object'),
  ...written('key'),
  ...written('checkpoint-tensors'),
  ...written('checkpoint-record'),
  ...written('run-finished'),
] as const;

/** Those that a protocol passes which not every run has part in. */
export const protocolPoints = {
  /** Making a store, and making sure that it can be written. */
  open: ['store-folders-made', ...built('probe'), 'probe-removed', 'tmp-swept', ...written('version')],
  pin: [...written('pin'), 'pin-removed'],
  cancel: [...written('cancel'), 'cancel-taken', 'cancel-withdrawn'],
  prune: written('pruned'),
  /** The note of a chain, before the key. */
  chain: written('chain-note'),
  /** The pointer to a result by its content, and taking that result over. */
  content: [...hint('pointer'), 'content-found'],
  /** A lease whose thing was leased before; one of another host; one that came between. */
  lease: ['fence-begun', 'fence-beside', 'fence-renamed', 'clock-touched', 'clock-read', 'lease-put-back'],
  /** An artifact in whose place something else stands. */
  publish: ['artifact-beside', 'artifact-replaced'],
  /** A log that a kill has cut is closed. */
  log: ['event-line-closed'],
  /** The index: only ever a picture of the files. */
  index: ['index-keys-read', 'index-run-read', 'index-emptied', 'index-removed'],
  /** What a run has come to: only ever a picture of its events. */
  standing: hint('standing'),
  /** What is remembered of data sets. */
  data: [...hint('data-digests'), ...hint('data-checked')],
  gc: [
    ...written('trash-list'),
    'trash-listed',
    'trash-renamed',
    'trash-moved',
    'trash-merged',
    'trash-restored',
    'trash-discarding',
    'trash-discarded',
  ],
  export: written('export'),
} as const;

export type Protocol = keyof typeof protocolPoints;
export type FaultPoint = (typeof faultPoints)[number] | (typeof protocolPoints)[Protocol][number];

export const everyFaultPoint: readonly FaultPoint[] = [...faultPoints, ...Object.values(protocolPoints).flat()];

const armed = parse(process.env.RETORT_FAULT);
let passed = 0;

/** Whether a fault is armed at this point: lets a caller split what it would otherwise do at once. */
export function faultArmed(point: FaultPoint): boolean {
  return armed?.point === point;
}

export function fault(point: FaultPoint): void {
  if (armed?.point !== point) return;
  passed++;
  if (passed < armed.passing) return;
  if (armed.file !== undefined) {
    if (passed === armed.passing) waitAt(armed.file);
    return;
  }
  process.kill(process.pid, 'SIGKILL');
  // The signal may reach another thread first: this one must not take another step meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** As in a step that takes for ever: the thread hears nothing meanwhile. */
function waitAt(file: string): void {
  writeFileSync(file, '');
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (existsSync(file)) Atomics.wait(never, 0, 0, LOOK_EVERY_MS);
}

const LOOK_EVERY_MS = 10;

interface Armed {
  readonly point: string;
  readonly passing: number;
  readonly file: string | undefined;
}

function parse(text: string | undefined): Armed | undefined {
  if (!text) return undefined;
  const [place = '', file] = text.split(/@(.*)/s);
  const [point = '', passing = '1'] = place.split(':');
  // A point that no longer exists would make its test pass for the wrong reason.
  if (!everyFaultPoint.some((known) => known === point) || !/^[1-9]\d*$/.test(passing))
    throw new Error(`Internal error: expected RETORT_FAULT to name a fault point, got \`${text}\``);
  return { point, passing: Number(passing), file };
}
