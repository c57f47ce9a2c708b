/**
 * What runs have published under readable names. A file that is a link to its object was checked with it; a copy, or a file
 * that somebody has replaced, is read.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, REPAIR, type Verifying } from './findings.ts';
import { hashFile } from './hash-file.ts';
import { keyPath, readRecord } from './keys.ts';
import { objectPath } from './objects.ts';
import { allRuns, openRun } from './runs.ts';

export function* verifyPublished({ store, badObjects }: Verifying): Generator<Finding> {
  for (const id of allRuns(store)) {
    const run = openRun(store, id);
    if (!run.ok) continue;
    for (const { id: node, key } of run.value.plan.nodes) {
      const folder = run.value.nodeFolder(node);
      for (const [role, files] of Object.entries(readRecord(keyPath(store, key), key)?.artifacts ?? {})) {
        const there = new Set(namesIn(join(folder, role)));
        for (const [name, { sha256 }] of Object.entries(files)) {
          // Not published, or removed by somebody who needed it no more: the object is what counts.
          if (!there.has(name)) continue;
          const path = join(folder, role, name);
          const file = statSync(path);
          yield { type: 'checked', part: 'published', files: 1, bytes: 0 };
          const object = statSync(objectPath(store, sha256), { throwIfNoEntry: false });
          const isLink = file.ino === object?.ino && file.dev === object.dev;
          if (isLink ? !badObjects.has(sha256) : hashFile(path)?.sha256 === sha256) continue;
          const message = `This published file is ${isLink ? 'the damaged stored file' : 'not what the node has made'}.`;
          const nodes = [`${node} of run ${id}`];
          yield { type: 'damage', part: 'published', place: path, message, nodes, help: REPAIR, aside: [path] };
        }
      }
    }
  }
}

function namesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
}
