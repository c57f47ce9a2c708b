/**
 * One iteration of DM on its own, without the engine: what the stage loops over and what the benchmark times. Classes
 * are matched one by one, as the paper does, except under a network whose norm mixes the images of a batch.
 */
import type { Backend } from '../../tensor/backends/backend.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { openAllClasses } from './all-classes.ts';
import { openClassByClass } from './class-by-class.ts';
import { type DrawSettings, drawsOfDm } from './draws.ts';

export interface DmSettings extends DrawSettings {
  readonly imagesPerClass: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly backend: Backend;
}

/** Synthetic images [classes·imagesPerClass, C, H, W], sorted by class, and the velocity of their SGD. */
export interface Moved {
  readonly images: Tensor;
  readonly velocity: Tensor;
}

export interface DmStep {
  step(state: Moved, iteration: number): Promise<Moved & { readonly loss: number }>;
  close(): void;
}

export async function openDmStep(settings: DmSettings): Promise<DmStep> {
  const draws = drawsOfDm(settings);
  return settings.network.buffers.length > 0 ? openAllClasses(settings, draws) : openClassByClass(settings, draws);
}
