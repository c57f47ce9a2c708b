/**
 * A program as a stage. It runs once from beginning to end; the steps are only how far it says it is. Nothing of it can be
 * saved in between, so an attempt that goes on from a checkpoint runs it again, with the same inputs and the same seed.
 */
import { FailureError } from '../../base/result.ts';
import type { StageContext, StageResult, StageRun } from '../stage.ts';
import { Program } from './program.ts';
import { makeWorkspace } from './workspace.ts';

export async function openCommand(context: StageContext): Promise<StageRun> {
  const { params, report } = context;
  const steps = params.steps as number;
  const workspace = makeWorkspace(context);
  let started: Program | undefined;
  const program = () => {
    const { argv, work, folder, environment } = workspace;
    const supervised = { argv, work, folder, grace: params.grace as number };
    started ??= new Program({ supervised, environment, steps, report });
    return started;
  };
  return {
    steps,
    init: () => ({ tensors: {}, values: {} }),
    async step(state, index) {
      await program().reached(index + 1);
      return state;
    },
    async finish(): Promise<StageResult> {
      await program().ended();
      for (const name of workspace.undeclared())
        process.stderr.write(`not declared by \`outputs\`, and not kept: ${name}\n`);
      const artifacts = workspace.collect();
      return { artifacts, metrics: metricsIn(artifacts.metrics?.['metrics.json'], 'metrics' in artifacts) };
    },
    interrupt: () => started?.stop(),
    close() {
      started?.stop();
      workspace.remove();
    },
  };
}

/** Numbers by name; anything else in the file is kept, but is no figure. */
function metricsIn(bytes: Uint8Array | undefined, declared: boolean): Record<string, number> {
  if (!declared) return {};
  try {
    const values = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch {
    throw new FailureError({
      code: 'COMMAND_METRICS',
      message: 'The program declares metrics, but {out}/metrics/metrics.json holds no JSON object.',
      help: 'Write one object with numbers by name, for example {"accuracy": 0.71}.',
    });
  }
}
