/**
 * Named points between the steps of every commit protocol. `RETORT_FAULT=name` or `name:n` makes the process kill itself
 * as `kill -9` would, the n-th time it passes the point, so that tests can stop it exactly there. Without the variable a
 * point costs one comparison.
 */
const STEPS = ['opened', 'half-written', 'written', 'synced', 'renamed', 'durable'] as const;

/** What is written durably: each passes every step of `durable.ts`. */
const FILES = ['object', 'key', 'checkpoint-tensors', 'checkpoint-record', 'run-finished'] as const;

export type DurableFile = (typeof FILES)[number];
export type WriteStep = (typeof STEPS)[number];

/** Points outside `durable.ts`, in the order in which a run passes them. */
const OTHER = [
  'run-built',
  'run-created',
  'lease-built',
  'lease-taken',
  'lease-fenced',
  'lease-moved',
  'artifact-linked',
  'event-half-written',
  'lease-released',
] as const;

/** Points of an attempt between the store's own, in their order. */
const ATTEMPT = ['stage-opened', 'step-done', 'stage-finished'] as const;

/** Points of a garbage collection, which no run passes. */
export const gcFaultPoints = ['trash-listed', 'trash-moved', 'trash-restored', 'trash-discarding'] as const;

/** Points of taking a result over, between its finding and its key, which not every run passes. */
export const cutOffFaultPoints = ['content-found'] as const;

export type FaultPoint =
  | (typeof cutOffFaultPoints)[number]
  | (typeof gcFaultPoints)[number]
  | `${DurableFile}-${WriteStep}`
  | (typeof OTHER)[number]
  | (typeof ATTEMPT)[number];

/** Those that a run passes. */
export const faultPoints: readonly FaultPoint[] = [
  ...ATTEMPT,
  ...OTHER,
  ...FILES.flatMap((file) => STEPS.map((step) => `${file}-${step}` as const)),
];

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
  process.kill(process.pid, 'SIGKILL');
  // The signal may reach another thread first: this one must not take another step meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function parse(text: string | undefined): { readonly point: string; readonly passing: number } | undefined {
  if (!text) return undefined;
  const [point = '', passing = '1'] = text.split(':');
  // A point that no longer exists would make its test pass for the wrong reason.
  if (
    ![...faultPoints, ...gcFaultPoints, ...cutOffFaultPoints].some((known) => known === point) ||
    !/^[1-9]\d*$/.test(passing)
  )
    throw new Error(`Internal error: expected RETORT_FAULT to name a fault point, got \`${text}\``);
  return { point, passing: Number(passing) };
}
