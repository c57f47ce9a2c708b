/** What runs have frozen: plan and record as they were, so that whatever the run's name stands for is still told truly. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Damage, Finding, Verifying } from './findings.ts';
import { allRuns, openRun, planDigest, readRunRecord } from './runs.ts';

export function* verifyRuns({ store }: Verifying): Generator<Finding> {
  for (const id of allRuns(store)) {
    const folder = join(store.runs, id);
    const files = ['run.json', 'plan.json', 'config.resolved.json', 'events.ndjson', 'finished.json'].map((name) =>
      join(folder, name),
    );
    const there = files.flatMap((file) => statSync(file, { throwIfNoEntry: false })?.size ?? []);
    yield { type: 'checked', part: 'runs', files: there.length, bytes: there.reduce((sum, size) => sum + size, 0) };
    const opened = openRun(store, id);
    const record = readRunRecord(store, id);
    const place = !opened.ok ? join(folder, 'plan.json') : join(folder, 'run.json');
    // Without them nobody can continue or tell the run.
    if (!opened.ok || !record)
      yield { ...damaged(id, place, `The run's ${opened.ok ? 'record' : 'plan'} is not readable.`), aside: [folder] };
    else if (planDigest(opened.value.plan) !== record.planDigest)
      yield damaged(id, join(folder, 'plan.json'), 'The plan is not the one that was frozen when the run began.');
    for (const name of ['config.resolved.json', 'finished.json'])
      if (!isJsonOrAbsent(join(folder, name))) yield damaged(id, join(folder, name), 'This file is not readable.');
    const cut = cutLines(join(folder, 'events.ndjson'));
    if (cut > 0) {
      const message = `Run ${id}: ${cut} of its events were cut short when its process was killed; readers skip them.`;
      yield { type: 'note', part: 'runs', place: join(folder, 'events.ndjson'), message };
    }
  }
}

function damaged(id: string, place: string, message: string): Damage {
  const help =
    'Results are found by their keys and not concerned: run the experiment again, and a new run takes them over. Where plan or record cannot be read, `retort verify --repair` puts the run aside.';
  return { type: 'damage', part: 'runs', place, message, nodes: [`run ${id}`], help };
}

function isJsonOrAbsent(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })) return true;
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

function cutLines(path: string): number {
  if (!statSync(path, { throwIfNoEntry: false })) return 0;
  let cut = 0;
  for (const line of readFileSync(path, 'utf8').split('\n'))
    if (line !== '')
      try {
        JSON.parse(line);
      } catch {
        cut++;
      }
  return cut;
}
