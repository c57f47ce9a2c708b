/** The clock of one attempt: when its time is up it is asked to stop with a checkpoint, and ended if that takes too long. */
import type { Failure } from '../../base/result.ts';
import { formatDuration } from '../../base/units.ts';
import type { Attempt, AttemptEnd, AttemptRequest } from '../executors/executor.ts';

/** Seconds that an attempt may take over its last step and checkpoint. */
export const GRACE_SECONDS = 60;

/** Node's timers count no further. */
const LONGEST_MS = 2 ** 31 - 1;

export interface Clock {
  isUp(): boolean;
  stop(): void;
}

/** `seconds` undefined: as long as it takes. */
export function startClock(
  seconds: number | undefined,
  attempt: Pick<Attempt, 'stop' | 'kill'>,
  graceSeconds: number,
): Clock {
  let up = false;
  let patience: NodeJS.Timeout | undefined;
  const end = () => {
    up = true;
    attempt.stop();
    patience = setTimeout(attempt.kill, 1000 * graceSeconds);
  };
  const limit = seconds === undefined ? undefined : setTimeout(end, Math.min(1000 * seconds, LONGEST_MS));
  return {
    isUp: () => up,
    stop() {
      clearTimeout(limit);
      clearTimeout(patience);
    },
  };
}

export function timeIsUp({ node, log: place }: AttemptRequest, seconds: number, { type }: AttemptEnd): Failure {
  const how = type === 'stopped' ? 'stopped with a checkpoint' : 'ended, since its step took too long after that';
  return {
    code: 'TIME_LIMIT',
    message: `${node.id} came to its time limit of ${formatDuration(seconds)} and was ${how}.`,
    place,
    help: 'The same command continues it; give its stage a longer `timeLimit`, or `retries` to go on by itself.',
  };
}

/** A step must be shorter than the grace: said as soon as one was not. */
export function slowStepWords(stage: string, seconds: number, graceSeconds: number): string {
  const [took, grace] = [seconds, graceSeconds].map((time) => formatDuration(Math.ceil(time)));
  return `a step of \`${stage}\` took ${took}: an attempt whose time is up has ${grace} for its last step, and what it has done since its newest checkpoint is lost when that is not enough. Give it smaller steps or more threads, and have a cluster tell it early enough that its time ends (Slurm: --signal=B:USR2@SECONDS)`;
}
