/**
 * One line an event, with its time: for pipes, CI and logs. No cursor codes, no colours. Progress is throttled a node,
 * so that a week-long run stays readable; nothing else is left out.
 */
import { type Reporter, type RunEvent, type SkipReason, unreachable } from '../events.ts';
import { differenceLines } from './difference-words.ts';
import { count, duration, figures, rate } from './wording.ts';

/** Seconds between two progress lines of one node. */
const PROGRESS_SECONDS = 10;

export interface Output {
  write(text: string): unknown;
}

export function plainReporter(output: Output): Reporter {
  const lines = plainLines();
  return {
    onEvent(event) {
      for (const line of lines(event)) output.write(`${line}\n`);
    },
    close() {},
  };
}

/** The events' lines, in order; keeps what throttling and rates need. */
export function plainLines(): (event: RunEvent) => readonly string[] {
  const shown = new Map<string, { readonly seconds: number; readonly step: number }>();
  return (event) => {
    const seconds = Date.parse(event.at) / 1000;
    if (event.type === 'node-started') shown.set(event.node, { seconds, step: event.fromStep });
    if (event.type !== 'node-progress') return describe(event, event.at);
    const last = shown.get(event.node);
    if (last && seconds - last.seconds < PROGRESS_SECONDS) return [];
    shown.set(event.node, { seconds, step: event.step });
    const speed = last ? (event.step - last.step) / (seconds - last.seconds) : 0;
    return [line(event.at, progress(event, speed))];
  };
}

type Progress = Extract<RunEvent, { type: 'node-progress' }>;

function progress(event: Progress, stepsPerSecond: number): string {
  const parts = [`${event.node}: step ${event.step} of ${event.steps}`];
  if (stepsPerSecond > 0)
    parts.push(`${rate(stepsPerSecond)}, ${duration((event.steps - event.step) / stepsPerSecond)} left`);
  const values = figures(event.figures);
  if (values) parts.push(values);
  return parts.join(', ');
}

function line(at: string, text: string): string {
  return `${at.slice(11, 19)}Z ${text}`;
}

function describe(event: Exclude<RunEvent, Progress>, at: string): readonly string[] {
  switch (event.type) {
    case 'run-started': {
      const { plan } = event;
      const cells = plan.cells.length;
      return [
        line(
          at,
          `${event.continues ? 'continuing' : 'starting'} ${plan.experiment.name}: ${count(plan.nodes.length, 'node')}, ${count(cells, 'cell')}`,
        ),
        line(at, `data: ${plan.data.description}; backend ${plan.backend}; run folder ${event.folder}`),
        ...(event.since ? differenceLines(event.since, plan.experiment.file).map((text) => line(at, text)) : []),
      ];
    }
    case 'node-hit':
      return [line(at, `${event.node}: hit${suffix(figures(event.metrics))}`)];
    case 'node-cut-off':
      return [
        line(
          at,
          `${event.node}: cut off, since what it reads has the same bytes as for ${event.from.slice(0, 8)}${suffix(figures(event.metrics))}`,
        ),
      ];
    case 'node-joined':
      return [line(at, `${event.node}: waiting for ${event.owner}, who is already working on it`)];
    case 'node-started': {
      const attempt = event.attempt > 1 ? `attempt ${event.attempt}, ` : '';
      const from =
        event.fromStep > 0 ? `from step ${event.fromStep} of ${event.steps}` : `${count(event.steps, 'step')}`;
      return [line(at, `${event.node}: started, ${attempt}${from}`)];
    }
    case 'attempt-ended':
      return [];
    case 'node-checkpoint':
      return [line(at, `${event.node}: checkpoint at step ${event.step}`)];
    case 'node-done':
      return [line(at, `${event.node}: done in ${duration(event.seconds)}${suffix(figures(event.metrics))}`)];
    case 'node-failed': {
      const { failure } = event;
      return [
        line(
          at,
          `${event.node}: ${event.willRetry ? 'failed, will be tried again' : 'failed'}: ${failure.message} (${failure.code})`,
        ),
        ...(failure.help ? [line(at, `  help: ${failure.help}`)] : []),
        line(at, `  log: ${event.log}`),
      ];
    }
    case 'node-skipped':
      return [line(at, `${event.node}: not run, ${SKIPPED[event.reason]}`)];
    case 'prune-decision':
      return event.verdict === 'keep' ? [] : [line(at, pruned(event))];
    case 'warning':
      return [line(at, `warning: ${event.node ? `${event.node}: ` : ''}${event.message}`)];
    case 'interrupt':
      return [line(at, event.message)];
    case 'run-finished':
      return [
        line(
          at,
          `${OUTCOME[event.outcome]} in ${duration(event.seconds)}: ${event.executed} run, ${count(event.hits, 'hit')}`,
        ),
      ];
    default:
      return unreachable(event);
  }
}

function pruned({ axes, cell, step, metric, value, threshold, rule, cohort }: Decision): string {
  const name = Object.entries(axes).map(([axis, label]) => `${axis}=${label}`);
  const shown = (amount: number) => figures({ [metric]: amount }).slice(metric.length + 1);
  const of = rule === 'threshold' ? '' : ` of ${count(cohort.length, 'cell')}`;
  return `pruned: ${name.join(', ') || cell} at step ${step}: ${metric} ${shown(value)} against ${shown(threshold)} (${rule}${of})`;
}

type Decision = Extract<RunEvent, { type: 'prune-decision' }>;

export const SKIPPED = {
  'upstream-failed': 'since a node it needs failed',
  cancelled: 'since the run was cancelled',
  pruned: 'since its cell was pruned (run --no-prune continues it)',
  'fail-fast': 'since another node failed (--fail-fast)',
  'store-failed': 'since the store cannot be used',
  'not-needed': 'since everything that reads it is in the store',
  'not-selected': 'since --only left it out',
} as const satisfies Record<SkipReason, string>;

const OUTCOME = { done: 'finished', failed: 'finished with failures', interrupted: 'interrupted' } as const;

function suffix(text: string): string {
  return text ? `: ${text}` : '';
}
