/** Key records: whole, under their right names, with every object they name; and records kept beside after a conflict. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheKey } from '../plan/key.ts';
import { type Finding, REPAIR, type Verifying } from './findings.ts';
import { allKeys, keyPath, readRecord, recordSeal } from './keys.ts';
import { sayNode } from './node-names.ts';
import { objectPath, objectSize } from './objects.ts';

export function* verifyKeys(verifying: Verifying): Generator<Finding> {
  const { store, names, users } = verifying;
  for (const key of allKeys(store)) {
    const path = keyPath(store, key);
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    yield { type: 'checked', part: 'keys', files: 1, bytes };
    const nodes = [sayNode(store, names, key)];
    const wrong = problemOf(path, key);
    if (wrong) {
      yield { type: 'damage', part: 'keys', place: path, message: wrong, nodes, help: REPAIR, aside: [path] };
      continue;
    }
    const state = readRecord(path, key)?.state;
    if (state) {
      users.set(state.tensors.sha256, [...(users.get(state.tensors.sha256) ?? []), key]);
      if (objectSize(store, state.tensors.sha256) !== state.tensors.bytes) {
        const message = `${nodes[0]}: the state after step ${state.step}, kept for longer runs, is gone; they begin earlier.`;
        yield { type: 'note', part: 'keys', place: objectPath(store, state.tensors.sha256), message };
      }
    }
    for (const [role, files] of Object.entries(readRecord(path, key)?.artifacts ?? {}))
      for (const [name, file] of Object.entries(files)) {
        users.set(file.sha256, [...(users.get(file.sha256) ?? []), key]);
        const size = objectSize(store, file.sha256);
        if (size === file.bytes) continue;
        const place = objectPath(store, file.sha256);
        const message =
          size === undefined
            ? `The file ${role}/${name} is missing.`
            : `The file ${role}/${name} has ${size} bytes instead of ${file.bytes}.`;
        yield {
          type: 'damage',
          part: 'keys',
          place,
          message,
          nodes,
          help: `The result is not believed. ${REPAIR}`,
          aside: size === undefined ? [path] : [path, place],
        };
      }
  }
  yield* conflicts(verifying);
}

/** A sentence, or undefined where the record is sound. */
function problemOf(path: string, key: string): string | undefined {
  const record = readRecord(path, key);
  if (!record) return 'This key record is not readable, or belongs to another key.';
  if (cacheKey(record.manifest) !== key) return 'This key record describes another computation than its name says.';
  const { seal } = JSON.parse(readFileSync(path, 'utf8')) as { seal?: string };
  if (seal !== undefined && seal !== recordSeal(record)) return 'This key record is not what was written.';
  return undefined;
}

function* conflicts({ store, names }: Verifying): Generator<Finding> {
  for (const folder of readdirSync(store.keys))
    for (const name of readdirSync(join(store.keys, folder))) {
      const key = /^([0-9a-f]{64})\.conflict-/.exec(name)?.[1];
      if (key === undefined) continue;
      const message = `${sayNode(store, names, key)} once gave another result for the same key, which is kept here: its stage, backend or machine was not deterministic.`;
      yield { type: 'note', part: 'keys', place: join(store.keys, folder, name), message };
    }
}
