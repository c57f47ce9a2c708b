/** A trained network on a whole split, in chunks: top-1 accuracy and mean cross-entropy; of one logit, of its sigmoid. */
import type { Split } from '../../data/data-set.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ImageSpace } from '../image-space.ts';
import { programs } from '../programs.ts';

export interface TestPass {
  on(
    space: ImageSpace,
    split: Split,
    network: Readonly<Record<string, Tensor>>,
  ): Promise<{ accuracy: number; loss: number }>;
  close(): void;
}

/** Images that go through the network at a time: few enough that a layer's maps stay in the processor's cache. */
const CHUNK = 64;

export function openTest(backend: Backend, network: Network): TestPass {
  const compiled = programs(backend);
  return {
    async on(space, split, values) {
      const { classes } = network.input;
      let right = 0;
      let loss = 0;
      for (let start = 0; start < split.count; start += CHUNK) {
        const count = Math.min(CHUNK, split.count - start);
        const images = await space.read(split, chunkAt(start, split.count), chunkAt(start + CHUNK, split.count));
        const program = await compiled.get(`${count}`, () => logitsOf(network, count));
        const logits = (await program.run({ ...values, images })).logits as Tensor;
        for (let image = 0; image < count; image++) {
          const given = logits.data.subarray(image * classes, (image + 1) * classes);
          // One logit is that of class 1 against 0.
          const row = classes === 1 ? [0, given[0] ?? Number.NaN] : given;
          const label = split.labels[start + image] ?? -1;
          if (firstLargest(row) === label) right++;
          loss += crossEntropyOf(row, label) / split.count;
        }
      }
      return { accuracy: right / split.count, loss };
    },
    close: compiled.close,
  };
}

function chunkAt(start: number, total: number): Int32Array {
  const count = Math.max(0, Math.min(CHUNK, total - start));
  return Int32Array.from({ length: count }, (_, index) => start + index);
}

function logitsOf(network: Network, count: number): Record<string, Expr> {
  const { channels, height, width } = network.input;
  const images = input('images', [count, channels, height, width]);
  return { logits: network.apply(images, networkInputs(network), 'eval').logits };
}

function firstLargest(row: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < row.length; index++) if ((row[index] as number) > (row[best] as number)) best = index;
  return best;
}

/** log Σ e^z - z_label, in doubles. */
function crossEntropyOf(row: ArrayLike<number>, label: number): number {
  const largest = row[firstLargest(row)] as number;
  let sum = 0;
  for (let index = 0; index < row.length; index++) sum += Math.exp((row[index] as number) - largest);
  return Math.log(sum) + largest - (row[label] as number);
}
