/**
 * ReLabel (Yun et al., CVPR 2021): the label of a crop is the softmax of the teacher's score map pooled over the crop's box,
 * by RoIAlign to one cell (`tensor/ops/roi-align.ts`): as many points as the box has cells, bilinear, averaged; boxes in
 * cells less a half. Only the kept classes have scores, so the sum goes over these and not over whole maps.
 */
import { floats, type Tensor } from '../../tensor/tensor.ts';
import type { LabelMaps } from './read.ts';

/** `boxes`: top, left, height, width of each row as shares of the image. Gives probabilities [n, classes]. */
export function pooledLabels({ classes, scores }: LabelMaps, boxes: ArrayLike<number>, count: number): Tensor {
  const [rows = 0, kept = 0, tall = 0, wide = 0] = scores.shape;
  const data = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const [top = 0, left = 0, height = 0, width = 0] = [0, 1, 2, 3].map((side) => boxes[4 * row + side] ?? 0);
    const down = weightsAlong(top * tall - 0.5, (top + height) * tall - 0.5, tall);
    const across = weightsAlong(left * wide - 0.5, (left + width) * wide - 0.5, wide);
    const logits = new Float64Array(count);
    for (let k = 0; k < kept; k++)
      for (let i = 0; i < tall; i++)
        for (let j = 0; j < wide; j++) {
          const at = ((row * kept + k) * tall + i) * wide + j;
          const label = classes.data[at] as number;
          logits[label] = (logits[label] ?? 0) + (down[i] ?? 0) * (across[j] ?? 0) * (scores.data[at] as number);
        }
    const largest = Math.max(...logits);
    const exponentials = logits.map((value) => Math.exp(value - largest));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    data.set(
      exponentials.map((value) => value / total),
      row * count,
    );
  }
  return floats(data, [rows, count]);
}

/** How much each cell counts in the mean over the points between `from` and `to`. */
function weightsAlong(from: number, to: number, length: number): Float64Array {
  const side = Math.max(to - from, 1);
  const points = Math.ceil(side);
  const weights = new Float64Array(length);
  for (let point = 0; point < points; point++) {
    const position = from + ((point + 0.5) * side) / points;
    if (position < -1 || position > length) continue;
    const held = Math.min(Math.max(position, 0), length - 1);
    const low = Math.floor(held);
    const share = held - low;
    weights[low] = (weights[low] ?? 0) + (1 - share) / points;
    if (share > 0) weights[low + 1] = (weights[low + 1] ?? 0) + share / points;
  }
  return weights;
}
