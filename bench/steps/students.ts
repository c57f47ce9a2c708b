/**
 * Student steps of MTT against PyTorch eager: a trajectory of ten of them with the exact gradient through all, and one on an
 * augmented batch. Both sides are processes of their own and take turns. The peer keeps the graphs of all steps, as the
 * published algorithm does; ours has the memory of one step, or keeps activations as far as an allowance goes.
 *
 * Times are those of the clock; next to each ratio stands that of processor time, which other work on the machine moves less.
 */
import { type Benchmark, median } from '../benchmark.ts';
import { type Measured, measured, ownSide, peerSide, type Side } from '../sides.ts';
import type { StudentConfiguration } from './student-child.ts';

const PEER = 'steps_trajectory.py';
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
  const [ours, keeping, theirs] = await measured(
    [
      await studentSide({ ...common, ...TRAJECTORY }),
      await studentSide({ ...common, ...TRAJECTORY, keepActivations }),
      await peerSide(PEER, { threads, ...TRAJECTORY, graph: true }),
    ],
    { rounds, turns: 1, warm: 1 },
  );
  for (const [name, side] of [
    ['trajectory W128', ours],
    [`trajectory W128 keeping ${Math.round(keepActivations / 1e6)} MB`, keeping],
  ] as const) {
    compare(findings, name, side, theirs);
    figure(`${name} peak memory`, (side?.peak ?? 0) / 1e6, 'MB');
    figure(`${name} peak memory PyTorch eager`, (theirs?.peak ?? 0) / 1e6, 'MB');
    ratio(`${name} peak memory over PyTorch eager`, (side?.peak ?? 0) / (theirs?.peak ?? 1));
  }
  const [student, official, plain] = await measured(
    [
      await studentSide({ ...common, ...STUDENT }),
      await peerSide(PEER, { threads, ...STUDENT, graph: true }),
      await peerSide(PEER, { threads, ...STUDENT, graph: false }),
    ],
    { rounds, turns: TOKENS.length, warm: 1 },
  );
  compare(findings, 'MTT student step with DSA', student, official);
  compare(findings, 'MTT student step with DSA, peer without a graph,', student, plain);
};

function compare({ figure, ratio }: Parameters<Benchmark>[1], name: string, ours?: Measured, theirs?: Measured): void {
  if (!ours || !theirs) return;
  figure(`${name} ours`, median(ours.ms), 'ms');
  figure(`${name} PyTorch eager`, median(theirs.ms), 'ms');
  ratio(`${name} over PyTorch eager`, median(ours.ms) / median(theirs.ms));
  ratio(`${name} over PyTorch eager in processor time`, median(ours.cpu) / median(theirs.cpu));
}

function studentSide(configuration: StudentConfiguration): Promise<Side> {
  return ownSide(import.meta.url, 'student-child', configuration);
}
