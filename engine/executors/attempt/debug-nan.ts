/**
 * `--debug-nan`: a step whose numbers are none is done again from the state before it, on programs that tell which
 * operation made the first of them. Every step's state is looked through, since a stage may see the loss only, and that
 * one step later.
 */
import { type Failure, FailureError } from '../../../base/result.ts';
import { firstNotFinite } from '../../../stages/finite.ts';
import type { StageRun, State } from '../../../stages/stage.ts';
import type { Watched } from '../../../tensor/backends/watched.ts';

/** The code with which stages stop (`stages/finite.ts`). */
export const NOT_FINITE = 'STEP_NOT_FINITE';

export function isNotFinite(error: unknown): error is FailureError {
  return error instanceof FailureError && error.failure.code === NOT_FINITE;
}

/** The stage, explaining where it would only stop. */
export function explaining(stage: StageRun, watch: Watched): StageRun {
  const explain = async (failure: Failure, again: () => unknown): Promise<FailureError> => {
    watch.look(true);
    try {
      await again();
    } catch (error) {
      if (error instanceof FailureError && error.failure.code === 'OPERATION_NOT_FINITE')
        return new FailureError({ ...failure, message: `${failure.message} ${error.message}`, help: HELP });
      if (!isNotFinite(error)) throw error;
    } finally {
      watch.look(false);
    }
    return new FailureError({ ...failure, message: `${failure.message} ${NO_OPERATION}`, help: HELP });
  };
  return {
    ...stage,
    async step(state, index) {
      const next = await settled(() => stage.step(state, index));
      const failure = next instanceof FailureError ? next.failure : stateFailure(next, index);
      if (!failure) return next as State;
      throw await explain(failure, () => stage.step(state, index));
    },
    async finish(state) {
      const result = await settled(() => stage.finish(state));
      if (result instanceof FailureError) throw await explain(result.failure, () => stage.finish(state));
      return result;
    },
  };
}

const HELP = 'Lower the learning rate, or look at that line.';
const NO_OPERATION = "No operation of the step's programs made it: it came up between them.";

/** What was made, or how it was not finite. */
async function settled<T>(make: () => T | Promise<T>): Promise<T | FailureError> {
  try {
    return await make();
  } catch (error) {
    if (isNotFinite(error)) return error;
    throw error;
  }
}

function stateFailure({ tensors }: State, index: number): Failure | undefined {
  const name = firstNotFinite(tensors);
  if (name === undefined) return undefined;
  return { code: NOT_FINITE, message: `Step ${index + 1} left values of \`${name}\` that are not finite.` };
}
