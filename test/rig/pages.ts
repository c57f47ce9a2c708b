/** Experiments as text, and what `config` answers: the whole page of errors, or the experiment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { formatDiagnostics } from '../../engine/config/diagnostics.ts';
import type { ExperimentFile } from '../../engine/config/load.ts';
import { type ResolveOptions, resolveExperiments } from '../../engine/config/resolve.ts';
import type { ResolvedExperiment } from '../../engine/plan/experiment.ts';
import { sampleKinds } from './stage-kinds.ts';

export const OPTIONS: ResolveOptions = { stageKinds: sampleKinds, dataSets: ['cifar10', 'fashion-mnist', 'mnist'] };

/** An experiment that is right, as a map of its lines: tests replace what they want to be wrong. */
export const BASE = `version: 1
name: sample
data: { set: fashion-mnist }
network: { kind: convnet, width: 16 }
matrix:
  method:
    random: { stage: select, imagesPerClass: 2 }
    dm: { stage: match, method: dm, start: start, iterations: 20 }
replicates: { sets: 3, evaluations: 2 }
stages:
  start: { stage: select, imagesPerClass: 2 }
  distil: { use: $method }
  score: { stage: evaluate, images: distil, epochs: 5 }
compare: { baseline: { method: random } }
`;

/** The shortest right beginning; tests write the rest. */
export const HEAD = `version: 1
name: sample
data: { set: mnist }
`;

/** All errors as printed; `right` when there are none. */
export function page(text: string, ...overrides: string[]): string {
  return pageOf([{ path: 'x.yaml', text }], overrides);
}

export function pageOf(files: readonly ExperimentFile[], overrides: readonly string[] = []): string {
  const resolved = resolveExperiments(files, overrides, OPTIONS);
  // A line break first, so that the page stands as a block in the snapshot.
  return resolved.ok ? 'right' : `\n${formatDiagnostics(resolved.error)}`;
}

export function resolve(text: string, ...overrides: string[]): ResolvedExperiment {
  return resolveOf({ path: 'x.yaml', text }, overrides);
}

export function resolveOf(file: ExperimentFile, overrides: readonly string[] = []): ResolvedExperiment {
  const resolved = resolveExperiments([file], overrides, OPTIONS);
  if (!resolved.ok) throw new Error(formatDiagnostics(resolved.error));
  return resolved.value[0] as ResolvedExperiment;
}

/** Files in a folder of their own, removed with the test. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
