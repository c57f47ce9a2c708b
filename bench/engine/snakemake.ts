/** The peer: one Snakemake rule for each file, the cheapest stage that Snakemake has. From PyPI, run by `RETORT_PYTHON`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, fail } from '../../base/result.ts';
import { type Whole, whole } from './process.ts';

const python = process.env.RETORT_PYTHON ?? 'python3';

/** Throws where it is not installed. */
export function snakemakeVersion(): string {
  const { status, stdout, stderr, error } = spawnSync(python, ['-m', 'snakemake', '--version'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it ended';
  throw new FailureError(
    fail('PEER_MISSING', `The peer snakemake did not start with ${python}: ${reason}`, {
      help: 'Install it: python3 -m venv peers && peers/bin/pip install snakemake; then set RETORT_PYTHON=peers/bin/python.',
    }).error,
  );
}

/** `finished`: as if everything had been made. */
export function snakemakeProject(parent: string, nodes: number, finished: boolean): string {
  const folder = mkdtempSync(join(parent, `snakemake-${nodes}-`));
  writeFileSync(
    join(folder, 'Snakefile'),
    `rule all:
    input: expand("out/{i}.txt", i=range(${nodes}))
rule one:
    output: "out/{i}.txt"
    shell: "echo {wildcards.i} > {output}"
`,
  );
  mkdirSync(join(folder, 'out'));
  if (finished) for (let i = 0; i < nodes; i++) writeFileSync(join(folder, 'out', `${i}.txt`), `${i}\n`);
  return folder;
}

/** With nothing there. */
export function firstSnakemake(folder: string): Promise<Whole> {
  for (const made of ['out', '.snakemake']) rmSync(join(folder, made), { recursive: true, force: true });
  return snakemake(folder);
}

export function snakemake(folder: string, ...more: string[]): Promise<Whole> {
  return whole(python, ['-m', 'snakemake', '--cores', '2', '--quiet', 'all', ...more], folder);
}
