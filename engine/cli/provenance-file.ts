/** `export RUN --format prov`: one file to keep beside a paper, and to run again from. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../base/json.ts';
import { packageRoot } from '../../base/package-root.ts';
import { provenance } from '../export/provenance.ts';
import { writeDurably } from '../store/durable.ts';
import { readEvents } from '../store/event-log.ts';
import { readRunEnd, readRunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { findRun } from './find-run.ts';
import { print, tell } from './output.ts';
import { told } from './told.ts';

export function exportProvenance(store: Store, name: string, args: Arguments): number {
  const run = told(findRun(store, name));
  if (!run.ok) return run.exit;
  const record = readRunRecord(store, run.value.id);
  const config = JSON.parse(readFileSync(join(run.value.folder, 'config.resolved.json'), 'utf8')) as JsonObject;
  if (!record) {
    tell(`${run.value.folder}: The record of this run is not readable; \`retort verify\` says more.\n`);
    return EXIT.store;
  }
  const document = provenance({
    run: run.value,
    record,
    endedAt: readRunEnd(store, run.value.id)?.at,
    config: (config.source ?? config) as Json,
    events: readEvents(run.value).events,
    software: softwareHere(),
    environment: environmentHere(),
  });
  const text = `${JSON.stringify(document, null, 2)}\n`;
  const to = args.text('to');
  if (to === undefined) print(text);
  else {
    writeDurably(to, text, { as: 'export' });
    tell(`${to}: provenance of run ${run.value.id}; \`retort reproduce ${to}\` runs it again and compares.\n`);
  }
  return EXIT.done;
}

/** Versions of what computes; the commit where the package is a checkout. */
export function softwareHere(): JsonObject {
  const root = packageRoot();
  const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    dependencies: JsonObject;
  };
  const commit = git(root, ['rev-parse', 'HEAD']);
  const changed = commit === undefined ? undefined : git(root, ['status', '--porcelain', '--untracked-files=no']);
  return {
    retort: version,
    ...(commit !== undefined && { commit, locallyChanged: changed !== '' }),
    node: process.version,
    packages: Object.fromEntries(Object.keys(dependencies).map((name) => [name, installed(root, name)])),
  };
}

export function environmentHere(): JsonObject {
  const [cpu] = cpus();
  return {
    platform: platform(),
    release: release(),
    architecture: arch(),
    processor: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
  };
}

function installed(root: string, name: string): string | null {
  try {
    return (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
      .version;
  } catch {
    return null;
  }
}

/** Undefined where the folder is no checkout of its own, or there is no git. */
function git(folder: string, args: readonly string[]): string | undefined {
  try {
    const run = (words: readonly string[]) =>
      execFileSync('git', words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return run(['rev-parse', '--show-prefix']) === '' ? run(args) : undefined;
  } catch {
    return undefined;
  }
}
