/** Bytes of the statistics of a network's convolutions beforehand. */
import type { JsonObject } from '../../base/json.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { convolutionStatistics } from '../../methods/gvbsm.ts';
import { buildNetwork, type NetworkSpec, networkInputs } from '../../nn/network.ts';
import { input } from '../../tensor/expr.ts';
import { bytesOfSafetensors, type PlannedTensor } from '../bytes/files.ts';

/** As long as a digest. */
const TEACHER = '0'.repeat(64);

/** Undefined where the network is not known. */
export function bytesOfStatistics(spec: JsonObject | undefined, patch: number, set: DataSetFacts): number | undefined {
  const { channels, height, width, classes } = set;
  const network = spec && buildNetwork(spec as unknown as NetworkSpec, { channels, height, width, classes });
  if (!network?.ok) return undefined;
  const images = input('images', [1, channels, height, width]);
  const { inputs, statistics } = network.value.apply(images, networkInputs(network.value), 'eval');
  const tensors = Object.entries(inputs).flatMap(([name, entering], index) =>
    // Batch norms keep their own.
    statistics[name]
      ? []
      : Object.entries(convolutionStatistics(entering, patch)).map(
          ([statistic, { shape }]): [string, PlannedTensor] => [`${index}.${statistic}`, { dtype: 'F32', shape }],
        ),
  );
  return bytesOfSafetensors(Object.fromEntries(tensors), { teacher: TEACHER, patch: String(patch) });
}
