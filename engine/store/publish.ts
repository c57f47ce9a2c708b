/**
 * The artifacts of a node under readable names in a run's folder: hard links to the objects, copies where there are no
 * links. They can be made again from the store at any time, so nothing is synced.
 */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { onDisk } from './disk-failure.ts';
import { temporaryPath } from './durable.ts';
import { fault } from './faults.ts';
import type { KeyRecord } from './keys.ts';
import { objectPath } from './objects.ts';
import type { RunFolder } from './runs.ts';

/** Gives the folder of every role. */
export function publishArtifacts(run: RunFolder, node: string, record: KeyRecord): Readonly<Record<string, string>> {
  const folders: Record<string, string> = {};
  for (const [role, files] of Object.entries(record.artifacts)) {
    const folder = join(run.nodeFolder(node), plainName(role));
    folders[role] = folder;
    onDisk(folder, () => {
      mkdirSync(folder, { recursive: true });
      for (const [file, { sha256 }] of Object.entries(files)) {
        publish(objectPath(run.store, sha256), join(folder, plainName(file)), run.store.tmp);
        fault('artifact-linked');
      }
    });
  }
  return folders;
}

/** Not so where somebody has cleared away what the run of this folder had published; `records` by key. */
export function isPublished(folder: string, records: ReadonlyMap<string, KeyRecord>): boolean {
  const stages = join(folder, 'stages');
  const published = [...records.values()].filter(({ artifacts }) => Object.keys(artifacts).length > 0);
  return (existsSync(stages) ? readdirSync(stages).length : 0) >= published.length;
}

function publish(object: string, path: string, tmp: string): void {
  try {
    linkSync(object, path);
    return;
  } catch {
    // Something stands there, or there are no links.
  }
  if (statSync(path, { throwIfNoEntry: false })?.ino === statSync(object).ino) return;
  // Linked beside and renamed, so that what stands there is replaced at once and no reader sees half a copy.
  const beside = temporaryPath(tmp);
  try {
    linkSync(object, beside);
  } catch {
    copyFileSync(object, beside);
  }
  fault('artifact-beside');
  renameSync(beside, path);
  fault('artifact-replaced');
}

export interface AttemptFolder {
  /** Counted from 1, over all drivers of the run. */
  readonly attempt: number;
  readonly log: string;
}

/** A new folder for the next attempt at a node. */
export function newAttempt(run: RunFolder, node: string): AttemptFolder {
  const folder = run.nodeFolder(node);
  return onDisk(folder, () => {
    // Mostly it is the first one.
    if (mkdirSync(join(folder, 'attempt-1'), { recursive: true }) !== undefined) return made(1);
    const earlier = readdirSync(folder).map((name) => Number(/^attempt-(\d+)$/.exec(name)?.[1] ?? 0));
    const attempt = Math.max(0, ...earlier) + 1;
    mkdirSync(join(folder, `attempt-${attempt}`), { recursive: true });
    return made(attempt);
  });

  function made(attempt: number): AttemptFolder {
    fault('attempt-made');
    return { attempt, log: join(folder, `attempt-${attempt}`, 'log.txt') };
  }
}

/** Stages name their files; a name that led out of the folder would be a bug of the stage. */
function plainName(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/\\:]/.test(name))
    throw new Error(`Internal error: expected a plain file name, got ${JSON.stringify(name)}`);
  return name;
}
