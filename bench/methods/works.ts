/** What is timed: a stage with its parameters, and the same in the words of the peer. One step of the stage is one turn. */
import type { JsonObject } from '../../base/json.ts';

export interface Work {
  readonly name: string;
  readonly stage: 'match' | 'evaluate';
  readonly params: JsonObject;
  readonly set: 'cifar10' | 'cifar100';
  readonly width: number;
  readonly imagesPerClass: number;
  /** Experts, for those that follow trajectories. */
  readonly follows?: boolean;
  /** Turns of a round, and rounds that do not count: until the program of every augmentation is there. */
  readonly turns: number;
  readonly warm: number;
  /** Ours over theirs, at most. */
  readonly must?: { readonly time: number; readonly memory: number };
}

export const AUGMENT = 'color_crop_cutout_flip_scale_rotate';
/** Real images of a class and step in DC, DSA and DM. */
export const BATCH_REAL = 256;
export const STUDENT_STEPS = 20;
const [WIDE, NARROW] = [128, 32];

/** Of DC and DSA, as published. At ten images per class and width 128 an iteration takes minutes: two outer steps stand for it. */
function loopsOf(width: number, imagesPerClass: number) {
  if (imagesPerClass === 1) return { outerSteps: 1, networkEpochs: 1 };
  return { outerSteps: width === WIDE ? 2 : 10, networkEpochs: 50 };
}

export function works(): Work[] {
  return [NARROW, WIDE].flatMap((width): Work[] => {
    const gradient = (method: 'dc' | 'dsa', imagesPerClass: number): Work => ({
      ...work(`${method.toUpperCase()} IPC ${imagesPerClass}`, width, imagesPerClass),
      params: {
        method,
        batchReal: BATCH_REAL,
        augment: method === 'dc' ? 'none' : AUGMENT,
        ...loopsOf(width, imagesPerClass),
      },
      turns: imagesPerClass === 1 ? 2 : 1,
      warm: imagesPerClass === 1 && method === 'dsa' ? 4 : 1,
    });
    return [
      gradient('dc', 1),
      gradient('dc', 10),
      gradient('dsa', 1),
      gradient('dsa', 10),
      { ...work('DM IPC 10', width, 10), params: { method: 'dm', batchReal: BATCH_REAL, augment: AUGMENT }, warm: 4 },
      { ...trajectory('mtt', width), must: { time: 1.05, memory: 0.35 } },
      { ...trajectory('tesla', width), must: { time: 1.05, memory: 1 } },
      {
        ...work('evaluation epoch IPC 10', width, 10),
        stage: 'evaluate',
        params: { epochs: 1000, augment: AUGMENT },
        turns: 12,
        warm: 2,
      },
    ];
  });
}

function work(name: string, width: number, imagesPerClass: number): Work {
  return {
    name: `${name} W${width}`,
    stage: 'match',
    params: {},
    set: 'cifar10',
    width,
    imagesPerClass,
    turns: 2,
    warm: 1,
    must: { time: 0.85, memory: 1 },
  };
}

export function trajectory(method: 'mtt' | 'tesla', width: number, studentSteps = STUDENT_STEPS): Work {
  const params = { method, studentSteps, expertEpochs: 1, maxStartEpoch: 1, augment: AUGMENT };
  const name = `${method.toUpperCase()} IPC 10, ${studentSteps} steps`;
  return { ...work(name, width, 10), params, follows: true, turns: 1, warm: 2 };
}

/** Ours alone, for how cost grows: matching of distributions with few real images, so that the ends are seconds apart. */
export function small(
  name: string,
  { width = NARROW, imagesPerClass = 10, set = 'cifar10' as Work['set'] } = {},
): Work {
  return {
    ...work(name, width, imagesPerClass),
    set,
    params: { method: 'dm', batchReal: 32, augment: 'none' },
    turns: 3,
  };
}
