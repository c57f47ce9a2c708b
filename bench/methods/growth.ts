/** How our own cost grows, against what theory says. */
import type { Findings } from '../benchmark.ts';
import { median } from '../benchmark.ts';
import { type Measured, measured } from '../sides.ts';
import { stageSide } from './stage-side.ts';
import { small, trajectory, type Work } from './works.ts';

export interface Place {
  readonly folders: Readonly<Record<Work['set'], string>>;
  readonly backend: string;
  readonly threads: number;
  readonly rounds: number;
}

export async function growth(place: Place, { figure, ratio }: Findings): Promise<void> {
  const [few, many] = [10, 20];
  const width = 32;
  const steps = await together([trajectory('mtt', width, few), trajectory('mtt', width, many)], place);
  ratio(`MTT time of ${many} over ${few} student steps (theory ${many / few})`, timeOf(steps[1]) / timeOf(steps[0]));
  const vector = 4 * parameters(width);
  const more = ((steps[1]?.peak ?? 0) - (steps[0]?.peak ?? 0)) / (many - few);
  figure('MTT memory of a further student step', more / 1e6, 'MB');
  figure('a parameter vector', vector / 1e6, 'MB');

  const base = small('base');
  const doubled = small('double width', { width: 2 * width });
  const [ours, wide, classes, perClass] = await together(
    [base, doubled, small('ten times the classes', { set: 'cifar100' }), small('double IPC', { imagesPerClass: 20 })],
    place,
  );
  const over = (side: Measured | undefined) => timeOf(side) / timeOf(ours);
  const operations = forward(2 * width) / forward(width);
  ratio(`DM time of double the width (theory ${operations.toFixed(2)} in operations)`, over(wide));
  ratio('DM time of ten times the classes (theory 10)', over(classes));
  // Real images are embedded once; synthetic ones forward and backward, three times the operations.
  const images = (count: number) => 32 + 3 * count;
  ratio(`DM time of double IPC (theory ${(images(20) / images(10)).toFixed(2)})`, over(perClass));
}

async function together(works: readonly Work[], { folders, rounds, ...run }: Place): Promise<Measured[]> {
  const sides = await Promise.all(works.map((work) => stageSide({ ...run, work, folder: folders[work.set] })));
  return measured(sides, { rounds, turns: works[0]?.turns ?? 1, warm: 2 });
}

function timeOf(side: Measured | undefined): number {
  return median(side?.ms ?? []);
}

/** Multiplications of a ConvNet of depth 3 on 3 x 32 x 32. */
function forward(width: number): number {
  return 9 * width * (3 * 32 ** 2 + width * (16 ** 2 + 8 ** 2)) + 10 * 16 * width;
}

function parameters(width: number): number {
  return 9 * width * (3 + 2 * width) + 3 * 3 * width + 10 * (16 * width + 1);
}
