/**
 * Student steps of MTT against PyTorch eager: a trajectory of ten of them with the exact gradient through all, and one on an
 * augmented batch. Both sides are processes of their own and take turns. The peer keeps the graphs of all steps, as the
 * published algorithm does; ours has the memory of one step, or keeps activations as far as an allowance goes.
 *
 * Times are those of the clock; next to each ratio stands that of processor time, which other work on the machine moves less.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../base/json.ts';
import { type Benchmark, median } from '../benchmark.ts';
import { Peer } from '../peer.ts';
import type { StudentConfiguration } from './student-child.ts';

interface Side {
  readonly name: string;
  ask(question: Json): Promise<Json>;
  stop(): void;
}

interface Answer {
  readonly ms: readonly number[];
  readonly cpu: readonly number[];
  /** Bytes above the loaded, idle process. */
  readonly peak: number;
}

const TOKENS = ['color', 'crop', 'cutout', 'flip', 'scale', 'rotate'] as const;
/** Covers the products of ten steps at this size. */
const ALLOWANCE = 128e6;

type Options = Omit<StudentConfiguration, 'backend' | 'threads'>;

const TRAJECTORY: Options = { width: 128, images: 10, length: 10, keepActivations: 0, tokens: [] };
const STUDENT: Options = { width: 128, images: 256, length: 1, keepActivations: 0, tokens: TOKENS };

export const studentRows: Benchmark = async (options, findings) => {
  const { quick, backend, threads, keepActivations = ALLOWANCE } = options;
  const { figure, ratio, note } = findings;
  const rounds = quick ? 2 : 5;
  note(`trajectories: ${backend}, ${threads} threads`);
  const common = { backend, threads };
  const [ours, keeping, theirs] = await measured(rounds, 1, [
    await ownSide('ours', { ...common, ...TRAJECTORY }),
    await ownSide('ours, keeping', { ...common, ...TRAJECTORY, keepActivations }),
    await peerSide({ threads, ...TRAJECTORY, graph: true }),
  ]);
  for (const [name, side] of [
    ['trajectory W128', ours],
    [`trajectory W128 keeping ${Math.round(keepActivations / 1e6)} MB`, keeping],
  ] as const) {
    compare(findings, name, side, theirs);
    figure(`${name} peak memory`, (side?.peak ?? 0) / 1e6, 'MB');
    figure(`${name} peak memory PyTorch eager`, (theirs?.peak ?? 0) / 1e6, 'MB');
    ratio(`${name} peak memory over PyTorch eager`, (side?.peak ?? 0) / (theirs?.peak ?? 1));
  }
  const [student, official, plain] = await measured(rounds, TOKENS.length, [
    await ownSide('ours', { ...common, ...STUDENT }),
    await peerSide({ threads, ...STUDENT, graph: true }),
    await peerSide({ threads, ...STUDENT, graph: false }),
  ]);
  compare(findings, 'MTT student step with DSA', student, official);
  compare(findings, 'MTT student step with DSA, peer without a graph,', student, plain);
};

function compare({ figure, ratio }: Parameters<Benchmark>[1], name: string, ours?: Answer, theirs?: Answer): void {
  if (!ours || !theirs) return;
  figure(`${name} ours`, median(ours.ms), 'ms');
  figure(`${name} PyTorch eager`, median(theirs.ms), 'ms');
  ratio(`${name} over PyTorch eager`, median(ours.ms) / median(theirs.ms));
  ratio(`${name} over PyTorch eager in processor time`, median(ours.cpu) / median(theirs.cpu));
}

/** All sides in turn, `steps` at a time; a first turn counts for none. */
async function measured(rounds: number, steps: number, sides: readonly Side[]): Promise<readonly Answer[]> {
  const answers: Answer[] = sides.map(() => ({ ms: [], cpu: [], peak: 0 }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, side] of sides.entries()) {
      const { ms, cpu, peak } = (await side.ask({ steps })) as unknown as Answer;
      const before = answers[index] as Answer;
      answers[index] =
        round === 0 ? { ...before, peak } : { ms: [...before.ms, ...ms], cpu: [...before.cpu, ...cpu], peak };
    }
  }
  for (const side of sides) side.stop();
  return answers;
}

async function peerSide(configuration: Json): Promise<Side> {
  const { peer } = await Peer.start('steps_trajectory.py', 'torch', configuration);
  return { name: 'PyTorch eager', ask: (question) => peer.ask(question), stop: () => peer.stop() };
}

async function ownSide(name: string, configuration: StudentConfiguration): Promise<Side> {
  const here = fileURLToPath(import.meta.url);
  const script = here.replace(/students(\.[jt]s)$/, 'student-child$1');
  const child = spawn(process.execPath, ['--expose-gc', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question: unknown): Promise<Json> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('Internal error: expected our own side to answer, but it ended');
    return JSON.parse(value) as Json;
  };
  await ask(configuration);
  return { name, ask, stop: () => child.kill() };
}
