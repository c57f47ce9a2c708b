/** The two towers of vision-language trajectories, as a case gives them. */

import type { JsonObject } from '../../../base/json.ts';
import {
  type TowerDistances,
  type TwoTowerOptions,
  type TwoTowers,
  towerDistances,
  twoTowerStep,
} from '../../../methods/vl-distill.ts';
import { buildNetwork } from '../../../nn/network.ts';
import { type Course, Unroll } from '../../../nn/trajectory/unroll.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { flattened, type NamedShape, unflattened } from '../flat-parameters.ts';
import { convNetSpec } from '../network-case.ts';

export interface TowerCourse {
  readonly unroll: Unroll;
  readonly course: Course;
  readonly distances: TowerDistances;
  /** Inputs `start.θ` and `target.θ` of the distances. */
  readonly ends: Readonly<Record<string, Tensor>>;
  /** A tower's flat vector from tensors by the state's names. */
  flat(tower: 'img' | 'txt', values: Readonly<Record<string, Tensor>>): Tensor;
}

/** The loss of a batch, given its size, and the arrays that it learns besides images and texts, taken by rows. */
export interface InnerLoss {
  readonly arrays: Readonly<Record<string, Tensor>>;
  of(count: number): NonNullable<TwoTowerOptions['loss']>;
}

export function towersOf(
  { params, inputs }: GoldenCase,
  backend: Backend,
  scale: number,
  inner?: InnerLoss,
): TowerCourse | string {
  const described = params.image_tower as JsonObject;
  const images = inputs.image as Tensor;
  const text = inputs.text as Tensor;
  if (described.net !== 'ConvNet') return `image tower ${JSON.stringify(described.net)}`;
  if ((params.dropout ?? 0) !== 0) return 'dropout without given draws';
  const spec = convNetSpec(described);
  if (!spec.ok) return spec.error.message;
  const [, channels = 1, height = 1, width = 1] = images.shape;
  const image = buildNetwork(spec.value, { channels, height, width, classes: described.outputs as number });
  if (!image.ok) return image.error.message;
  const lists = {
    img: params.image_parameters as unknown as readonly NamedShape[],
    txt: params.text_parameters as unknown as readonly NamedShape[],
  };
  const towers: TwoTowers = { image: image.value, text: lists.txt };
  const both = (end: string): Record<string, Tensor> =>
    Object.fromEntries(
      (['img', 'txt'] as const).flatMap((tower) =>
        Object.entries(unflattened(inputs[`${tower}.${end}`] as Tensor, lists[tower])).map(([name, value]) => [
          `${tower}.${name}`,
          value,
        ]),
      ),
    );
  const [start, target] = [both('theta_start'), both('theta_target')];
  const rowNames = ['images', 'text', ...Object.keys(inner?.arrays ?? {})];
  const scalars = (name: string): Tensor => ({ ...(inputs[name] as Tensor), shape: [] });
  return {
    unroll: new Unroll(backend, {
      step: (kind) => {
        const loss = inner?.of(Number(kind));
        return twoTowerStep(towers, {
          count: Number(kind),
          textWidth: text.shape[1] ?? 1,
          scale,
          ...(loss && { loss }),
        });
      },
    }),
    course: {
      start,
      arrays: {
        images,
        text,
        lr_img: scalars('lr_img'),
        lr_txt: scalars('lr_txt'),
        ...inner?.arrays,
      },
      steps: Array.from({ length: params.syn_steps as number }, (_, step) => {
        const batch = (inputs[`batch${step}`] as Tensor).data as Int32Array;
        return { kind: String(batch.length), rows: Object.fromEntries(rowNames.map((name) => [name, batch])) };
      }),
    },
    distances: towerDistances(towers),
    ends: { ...prefixed('start', start), ...prefixed('target', target) },
    flat: (tower, values) =>
      flattened(
        Object.fromEntries(lists[tower].map(({ name }) => [name, values[`${tower}.${name}`] as Tensor])),
        lists[tower],
      ),
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}
