/** What became of a run, from its events: what the exit code and the last lines need. */
import { join } from 'node:path';
import type { Reporter, RunEvent } from '../events.ts';
import type { Plan } from '../plan/plan.ts';
import { count, duration } from '../report/wording.ts';
import type { Records } from './results.ts';

export interface Outcome {
  folder: string;
  seconds: number;
  executed: number;
  hits: number;
  outcome: Extract<RunEvent, { type: 'run-finished' }>['outcome'] | undefined;
  /** Failed, or not run since something upstream failed. */
  readonly failed: Set<string>;
}

export function observer(): { readonly reporter: Reporter; readonly seen: Outcome } {
  const seen: Outcome = { folder: '', seconds: 0, executed: 0, hits: 0, outcome: undefined, failed: new Set() };
  const onEvent = (event: RunEvent) => {
    if (event.type === 'run-started') seen.folder = event.folder;
    if (event.type === 'node-failed' && !event.willRetry) seen.failed.add(event.node);
    if (event.type === 'node-skipped' && event.reason === 'upstream-failed') seen.failed.add(event.node);
    if (event.type === 'run-finished')
      Object.assign(seen, {
        outcome: event.outcome,
        seconds: event.seconds,
        executed: event.executed,
        hits: event.hits,
      });
  };
  return { reporter: { onEvent, close() {} }, seen };
}

/** Where a person finds what was made, and how to go on; a few short lines. */
export function closingLines(seen: Outcome, plan: Plan, records: Records): string[] {
  const lines = [
    ...places('pictures', /\.png$/, seen, plan, records),
    ...places('synthetic sets', /^synthetic\.safetensors$/, seen, plan, records),
    `${count(plan.nodes.length, 'node')}: ${seen.executed} run, ${count(seen.hits, 'hit')}, in ${duration(seen.seconds)}.`,
  ];
  if (seen.outcome === 'interrupted')
    lines.push('Interrupted; what is finished is kept, and the same command continues from the checkpoints.');
  if (seen.outcome === 'failed')
    lines.push(
      `${count(seen.failed.size, 'node')} failed or could not be run; the same command tries them again, and repeats nothing that is finished.`,
    );
  return lines;
}

/** One pattern for the files of all nodes of a stage: a shell or a file manager opens it, and it is one line. */
function places(what: string, file: RegExp, { folder }: Outcome, plan: Plan, records: Records): string[] {
  const patterns = new Map<string, number>();
  for (const node of plan.nodes) {
    const record = records.get(node.key);
    for (const [role, files] of Object.entries(record?.artifacts ?? {}))
      for (const name of Object.keys(files)) {
        if (!file.test(name)) continue;
        const pattern = join(folder, 'stages', `${node.id.replace(/\[.*/, '')}*`, role, name);
        patterns.set(pattern, (patterns.get(pattern) ?? 0) + 1);
      }
  }
  return [...patterns].map(([pattern, amount]) => `${what}: ${pattern} (${amount})`);
}
