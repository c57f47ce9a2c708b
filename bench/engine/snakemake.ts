/** The peer: one Snakemake rule for each file, the cheapest stage that Snakemake has. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Whole } from './process.ts';
import { runTool } from './python-tool.ts';

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
  return runTool('snakemake', ['--cores', '2', '--quiet', 'all', ...more], folder);
}
