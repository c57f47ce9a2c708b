/**
 * A probe: a few steps of a node, only to see how long they take. It runs as any attempt does, but in a store that is
 * thrown away, and is stopped as soon as its steps have been timed.
 */
import type { AttemptEnd, AttemptMessage, AttemptRequest, Executor } from '../executors/executor.ts';

export interface Timed {
  /** Steps done, of so many. */
  readonly steps: number;
  readonly of: number;
  /** What they took, with opening the stage. */
  readonly seconds: number;
  /** What the whole node would take at that pace; what it took, where it has come to its end. */
  readonly whole: number;
  readonly finished: boolean;
}

export type Probed = { readonly ok: true; readonly timed: Timed } | { readonly ok: false; readonly why: string };

/** Steps are timed for so long after the first that was told. */
const TIMED_SECONDS = 2;
/** A node that has not done two steps by then is judged by the first, or not at all. */
const LONGEST_SECONDS = 60;
/** To finish the step and write the checkpoint that nobody reads. */
const PATIENCE_MS = 3_000;

interface Point {
  readonly step: number;
  readonly seconds: number;
}

export async function probe(executor: Executor, request: AttemptRequest, signal: AbortSignal): Promise<Probed> {
  const begun = performance.now();
  const points: Point[] = [];
  let of = 0;
  let seconds = 0;
  let patience: NodeJS.Timeout | undefined;
  const attempt = executor.start(request, (message) => {
    hear(message);
    const [first, last] = [points[0], points.at(-1)];
    if (first && last && last.step > first.step && last.seconds - first.seconds >= TIMED_SECONDS) stop();
  });
  const stop = () => {
    if (patience) return;
    attempt.stop();
    patience = setTimeout(() => attempt.kill(), PATIENCE_MS);
  };
  const hear = (message: AttemptMessage) => {
    if (message.type === 'started') of = message.steps;
    if (message.type !== 'usage') return;
    seconds = message.wallSeconds;
    // While it stops, time goes on and steps do not.
    if (message.step > (points.at(-1)?.step ?? 0)) points.push({ step: message.step, seconds });
  };
  const longest = setTimeout(() => attempt.kill(), 1000 * LONGEST_SECONDS);
  const onAbort = () => attempt.kill();
  signal.addEventListener('abort', onAbort);
  const end = await attempt.end;
  signal.removeEventListener('abort', onAbort);
  clearTimeout(longest);
  clearTimeout(patience);
  if (end.type === 'done') {
    const took = seconds || (performance.now() - begun) / 1000;
    return { ok: true, timed: { steps: of, of, seconds: took, whole: took, finished: true } };
  }
  if (signal.aborted) return { ok: false, why: 'interrupted' };
  const pace = paceOf(points);
  if (!pace) return { ok: false, why: whyNot(end, of) };
  const { step, seconds: at } = points.at(-1) as Point;
  const whole = pace.opening + pace.aStep * of;
  return { ok: true, timed: { steps: step, of, seconds: at, whole, finished: false } };
}

/** The first steps are slower than the rest, so they belong to the opening; undefined where none has ended. */
export function paceOf(points: readonly Point[]): { readonly opening: number; readonly aStep: number } | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return undefined;
  if (first.step === last.step) return { opening: 0, aStep: first.seconds / first.step };
  const aStep = (last.seconds - first.seconds) / (last.step - first.step);
  return { opening: Math.max(0, first.seconds - aStep * first.step), aStep };
}

function whyNot(end: AttemptEnd, steps: number): string {
  if (end.type === 'failed') return end.failure.message;
  return steps > 0
    ? `no step of it ended within ${LONGEST_SECONDS} s`
    : end.type === 'lost' && !/SIGKILL/.test(end.failure.message)
      ? end.failure.message
      : `it had not begun after ${LONGEST_SECONDS} s`;
}
