/** What a store holds, as digests: two runs are equal when these are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface KeyFile {
  readonly manifest: { readonly stage: string };
  readonly artifacts: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number>>;
}

export function keyFiles(store: string): Map<string, KeyFile> {
  const folder = join(store, 'keys');
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as KeyFile]),
  );
}

/** Key → artifacts with their digests, and metrics: all that must not depend on how often a run was interrupted. */
export function results(store: string): Record<string, unknown> {
  return Object.fromEntries(
    [...keyFiles(store)].map(([key, file]) => [key, { artifacts: file.artifacts, metrics: file.metrics }]),
  );
}
