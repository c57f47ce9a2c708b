/**
 * What the engine itself takes, against Snakemake and DVC in the same run: plans and runs of which nothing is missing (whole
 * process), a first run of trivial stages with durable commits, growth to ten times as many, checkpoints, memory.
 *
 * Our finished grid is the real binary on `select` nodes of three files each; Snakemake's is one file a rule, without the
 * metadata that it would also have to read. In first runs our stage commits a file and a record durably; its writes one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, type BenchmarkOptions, type Findings, median } from './benchmark.ts';
import { STEPS, stageTakes, type Taken } from './engine/checkpoint-cost.ts';
import { dvcProject, reproduce } from './engine/dvc.ts';
import { type EndedAttempts, endedAttempts } from './engine/ended-attempts.ts';
import { finishedGrid, retort } from './engine/finished-grid.ts';
import { firstRun } from './engine/first-run.ts';
import type { Whole } from './engine/process.ts';
import { versionOf } from './engine/python-tool.ts';
import { firstSnakemake, snakemake, snakemakeProject } from './engine/snakemake.ts';

const MEGABYTE = 1e6;
const CHECKPOINTS_EVERY_S = 30;

interface Row {
  readonly measure: (options: BenchmarkOptions, findings: Findings, folder: string) => Promise<void>;
  /** Without it the row is left out, which is said. */
  readonly peer?: 'snakemake' | 'dvc';
}

const ROWS: Readonly<Record<string, Row>> = {
  'no-op': { measure: noOp, peer: 'snakemake' },
  'first run': { measure: first, peer: 'snakemake' },
  dvc: { measure: besideDvc, peer: 'dvc' },
  growth: { measure: growth },
  listings: { measure: listings },
  checkpoints: { measure: checkpoints },
};

export const engine: Benchmark = async (options, findings) => {
  findings.note(`Node ${process.version}`);
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  try {
    for (const [name, { measure, peer }] of Object.entries(ROWS)) {
      if (options.only && !name.includes(options.only)) continue;
      const version = peer && versionOf(peer);
      if (version && !version.ok) {
        findings.note(`${name}: not measured. ${version.error.message}\n${version.error.help}`);
        continue;
      }
      if (version) findings.note(`${peer} ${version.value}`);
      await measure(options, findings, folder);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

async function noOp({ quick }: BenchmarkOptions, { figure, ratio }: Findings, parent: string): Promise<void> {
  for (const nodes of quick ? [1000] : [1000, 5000]) {
    const grid = finishedGrid(parent, nodes);
    const peer = snakemakeProject(parent, nodes, true);
    const works = {
      plan: () => retort(grid, 'plan', 'grid.yaml'),
      run: () => retort(grid, 'run', 'grid.yaml', '--reporter', 'plain'),
      'Snakemake plan': () => snakemake(peer, '--dry-run'),
      'Snakemake run': () => snakemake(peer),
    };
    // The first run of each reads what was written behind its back.
    for (const work of Object.values(works)) await work();
    const times = await alternately(works, quick ? 3 : 5);
    for (const [name, taken] of Object.entries(times)) figure(`${nodes} nodes ${name}`, secondsOf(taken), 's');
    ratio(`${nodes} nodes plan over Snakemake`, secondsOf(times.plan) / secondsOf(times['Snakemake plan']));
    ratio(`${nodes} nodes run over Snakemake`, secondsOf(times.run) / secondsOf(times['Snakemake run']));
  }
}

async function first({ quick }: BenchmarkOptions, { figure, ratio }: Findings, parent: string): Promise<void> {
  const peer = snakemakeProject(parent, 1000, false);
  const times = await alternately(
    {
      ours: () => firstRun(parent, 1000),
      theirs: () => firstSnakemake(peer),
    },
    quick ? 1 : 3,
  );
  figure('first run of 1000 ours', secondsOf(times.ours), 's');
  figure('first run of 1000 Snakemake', secondsOf(times.theirs), 's');
  ratio('first run of 1000', secondsOf(times.ours) / secondsOf(times.theirs));
}

/** At fewer nodes than the others: DVC takes minutes for hundreds. Its first run is not repeated. */
async function besideDvc({ quick }: BenchmarkOptions, { figure, ratio }: Findings, parent: string): Promise<void> {
  const nodes = quick ? 30 : 300;
  const peer = await dvcProject(parent, nodes);
  const grid = finishedGrid(parent, nodes);
  const ours = await firstRun(parent, nodes);
  const theirs = await reproduce(peer);
  figure(`first run of ${nodes} ours`, ours.seconds, 's');
  figure(`first run of ${nodes} DVC`, theirs.seconds, 's');
  ratio(`first run of ${nodes} over DVC`, ours.seconds / theirs.seconds);
  const works = {
    run: () => retort(grid, 'run', 'grid.yaml', '--reporter', 'plain'),
    'DVC repro': () => reproduce(peer),
  };
  await works.run();
  const times = await alternately(works, quick ? 3 : 5);
  for (const [name, taken] of Object.entries(times)) figure(`${nodes} nodes ${name}`, secondsOf(taken), 's');
  ratio(`${nodes} nodes run over DVC`, secondsOf(times.run) / secondsOf(times['DVC repro']));
}

/** Ratios here are ours over ours. */
async function growth({ quick }: BenchmarkOptions, { figure, ratio }: Findings, parent: string): Promise<void> {
  const small = finishedGrid(parent, 1000);
  const large = finishedGrid(parent, 10_000);
  const run = (folder: string) => retort(folder, 'run', 'grid.yaml', '--reporter', 'plain');
  const looks = {
    plan: (folder: string) => retort(folder, 'plan', 'grid.yaml'),
    run,
    status: (folder: string) => retort(folder, 'status'),
    compare: (folder: string) => retort(folder, 'compare', 'grid.yaml'),
  };
  await run(small);
  await run(large);
  for (const [name, look] of Object.entries(looks)) {
    const times = await alternately({ small: () => look(small), large: () => look(large) }, quick ? 1 : 3);
    figure(`10000 nodes ${name}`, secondsOf(times.large), 's');
    ratio(`${name} of 10000 over 1000`, secondsOf(times.large) / secondsOf(times.small));
    if (name === 'run') figure('memory of the driver, 10000 hits', memoryOf(times.large), 'MB');
  }
  if (quick) return;
  const times = await alternately({ small: () => firstRun(parent, 1000), large: () => firstRun(parent, 10_000) }, 1);
  figure('first run of 10000', secondsOf(times.large), 's');
  ratio('first run of 10000 over 1000', secondsOf(times.large) / secondsOf(times.small));
  figure('memory of the driver, 10000 executed', memoryOf(times.large), 'MB');
}

/** What people ask a store that has seen much: a run of 10,000 attempts, the newest of 200; the same while it is driven, and left by a kill. */
async function listings({ quick }: BenchmarkOptions, { figure }: Findings, parent: string): Promise<void> {
  const look = async (state: string, { folder, node }: EndedAttempts): Promise<void> => {
    const looks = {
      ls: ['ls'],
      status: ['status'],
      'show RUN': ['show', 'last'],
      'show NODE': ['show', node],
      'logs NODE': ['logs', node],
    };
    for (const [name, args] of Object.entries(looks)) {
      const once = () => retort(folder, ...args);
      await once();
      const { took } = await alternately({ took: once }, quick ? 3 : 5);
      figure(`10000 attempts${state} ${name}`, secondsOf(took), 's');
    }
  };
  await look('', await endedAttempts(parent, 10_000));
  const underWay = await endedAttempts(mkdtempSync(join(parent, 'under-way-')), 10_000, { underWay: true });
  await look(', live,', underWay);
  underWay.leave();
  await look(', killed,', underWay);
}

async function checkpoints({ quick }: BenchmarkOptions, { figure }: Findings, parent: string): Promise<void> {
  const times = await alternately(
    { none: () => stageTakes(parent, undefined), all: () => stageTakes(parent, 1) },
    quick ? 2 : 5,
  );
  const cost = (of: (taken: Taken) => number) => (median(times.all.map(of)) - median(times.none.map(of))) / (STEPS - 1);
  const wall = cost(({ wallSeconds }) => wallSeconds);
  figure('one checkpoint', 1000 * wall, 'ms');
  figure('one checkpoint, CPU', 1000 * cost(({ cpuSeconds }) => cpuSeconds), 'ms');
  figure(`overhead of checkpoints every ${CHECKPOINTS_EVERY_S} s`, (100 * wall) / CHECKPOINTS_EVERY_S, '%');
}

async function alternately<Name extends string, Taking>(
  works: Readonly<Record<Name, () => Promise<Taking>>>,
  rounds: number,
): Promise<Record<Name, Taking[]>> {
  const names = Object.keys(works) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Taking[]>;
  for (let round = 0; round < rounds; round++) for (const name of names) taken[name].push(await works[name]());
  return taken;
}

function secondsOf(taken: readonly Whole[]): number {
  return median(taken.map(({ seconds }) => seconds));
}

function memoryOf(taken: readonly Whole[]): number {
  return Math.max(...taken.map(({ peakMemory }) => peakMemory)) / MEGABYTE;
}
