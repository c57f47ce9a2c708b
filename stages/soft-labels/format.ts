/**
 * Soft labels as files, in a container that others read (safetensors): one file an epoch of views (several, where an epoch
 * is large), or one a run of images with label maps. Rows of a batch lie side by side, so a reader takes a batch by its bytes. Every file says of
 * which images and which teachers it is (SHA-256 of their files), and how its views were drawn.
 *
 * `views-00000.safetensors`, R views in the order of training, in batches of `batchSize` (the last may be smaller):
 *   order        I32 [R]     which image of the set
 *   box          I16 [R, 4]  top, left, height, width of the part seen, in pixels; a padded crop may begin outside
 *   mirrored     BOOL [R]    after the crop
 *   partner      I32 [R]     the row of the file whose view is mixed in, of the same batch (where `mix` is not `none`)
 *   mix_box      I16 [B, 4]  CutMix: rows and columns from, then to, a batch
 *   mix_lambda   F32 [B]     MixUp: the share that stays, a batch
 *   logits       F16 [R, C]  `keep: full`; F32 where `precision` says so
 *   classes      I16 [R, K]  every other `keep`: the K likeliest, and
 *   probabilities F16 [R, K] theirs at `temperature`, descending (not of `hard`)
 *
 * `views-00000-00000.safetensors`, `views-00000-00001.safetensors` …: the same of an epoch in parts of whole batches.
 *
 * `maps-00000.safetensors`, or `maps-00500-00999.safetensors` of a shard of images, images in their order, from `first`:
 *   classes      I16 [n, K, h, w]   the K likeliest at each place of the map, and
 *   scores       F16 [n, K, h, w]   their logits; all others count as 0
 */
import type { Json, JsonObject } from '../../base/json.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Range, rangeName } from '../shards.ts';

export const FORMAT = 'retort-soft-labels/1';

export const KEEPS = ['full', 'topk', 'hard', 'smooth'] as const;
export type Keep = (typeof KEEPS)[number];
export const CROPS = ['resized', 'padded', 'none'] as const;
export const MIXES = ['cutmix', 'mixup', 'none'] as const;
export type Mix = (typeof MIXES)[number];

/** What all files of an artifact say alike. */
export interface SoftLabelFacts {
  readonly kind: 'views' | 'maps';
  /** Name of the data set, and what its images are. */
  readonly set: string;
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  /** Images of the synthetic set. */
  readonly count: number;
  /** SHA-256 of `synthetic.safetensors`. */
  readonly images: string;
  /** SHA-256 of each `network.onnx`. */
  readonly teachers: readonly string[];
  readonly batchSize: number;
  readonly crop: (typeof CROPS)[number];
  /** Of a resized crop, as a share of the image. */
  readonly minimumArea: number;
  /** Absent where it is all of the image, so that files are as they were before there was another. */
  readonly maximumArea?: number;
  /** Of a padded crop, in pixels. */
  readonly padding: number;
  readonly flip: boolean;
  readonly mix: Mix;
  readonly mixAlpha: number;
  readonly keep: Keep;
  /** K */
  readonly kept: number;
  /** Of `topk`: whether what is not kept has no probability, or shares the rest. */
  readonly renormalised: boolean;
  /** Of probabilities. */
  readonly temperature: number;
  readonly precision: 'float16' | 'float32';
}

const FACTS = 'facts';

export function factsAsMetadata(
  facts: SoftLabelFacts,
  place: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...place, format: FORMAT, [FACTS]: JSON.stringify(facts) };
}

export function factsOf(metadata: Readonly<Record<string, string>>, place: string): Result<SoftLabelFacts> {
  const foreign = (message: string) =>
    fail('SOFT_LABELS_FOREIGN', message, { place, help: 'Make the labels by a stage of kind `relabel`.' });
  if (metadata.format !== FORMAT)
    return foreign(`These are no soft labels of the format ${FORMAT}, but ${metadata.format ?? 'of none'}.`);
  try {
    const facts = JSON.parse(metadata[FACTS] ?? '') as JsonObject;
    const wrong = Object.entries(CHECKS).find(([name, check]) => !check(facts[name] ?? null))?.[0];
    if (wrong !== undefined) return foreign(`These soft labels do not say their ${wrong}.`);
    return ok(facts as unknown as SoftLabelFacts);
  } catch {
    return foreign('These soft labels do not say of what they are.');
  }
}

const oneOf = (values: readonly string[]) => (value: Json) => typeof value === 'string' && values.includes(value);
const positive = (value: Json) => Number.isInteger(value) && (value as number) > 0;
const number = (value: Json) => typeof value === 'number';
const truth = (value: Json) => typeof value === 'boolean';
const text = (value: Json) => typeof value === 'string';

const CHECKS: Readonly<Record<keyof SoftLabelFacts, (value: Json) => boolean>> = {
  kind: oneOf(['views', 'maps']),
  ...{ set: text, images: text },
  ...{ classes: positive, height: positive, width: positive, count: positive, batchSize: positive, kept: positive },
  teachers: (value) => Array.isArray(value) && value.every(text),
  ...{ crop: oneOf(CROPS), mix: oneOf(MIXES), keep: oneOf(KEEPS), precision: oneOf(['float16', 'float32']) },
  ...{ minimumArea: number, padding: number, mixAlpha: number },
  maximumArea: (value) => value === null || number(value),
  ...{ renormalised: truth, flip: truth },
  temperature: (value) => typeof value === 'number' && value > 0,
};

const padded = (index: number): string => String(index).padStart(5, '0');
/** `part`: of an epoch that is in several. */
export const viewsFile = (epoch: number, part?: number): string =>
  `views-${padded(epoch)}${part === undefined ? '' : `-${padded(part)}`}.safetensors`;
/** By its number or, of a shard, by its images. */
export const mapsFile = (part: number | Range): string =>
  typeof part === 'number' ? `maps-${padded(part)}.safetensors` : rangeName('maps.safetensors', part);

/** What a file of views holds at most, of more than one batch: it is made, and held, as one. */
const MOST_VIEWS = 16_384;
const MOST_BYTES = 32 * 2 ** 20;

/** Batches of a file; where that is not all of an epoch, it is in parts. */
export function batchesOfFile(facts: LabelSizes & Pick<SoftLabelFacts, 'count' | 'batchSize'>): number {
  const views = Math.min(MOST_VIEWS, MOST_BYTES / bytesOfView(facts));
  return Math.min(Math.ceil(facts.count / facts.batchSize), Math.max(1, Math.floor(views / facts.batchSize)));
}

export interface LabelSizes {
  readonly keep: Keep;
  readonly kept: number;
  readonly classes: number;
  readonly precision: 'float16' | 'float32';
  readonly mix: Mix;
}

/** Of one view's row in its file. */
export function bytesOfView({ keep, kept, classes, precision, mix }: LabelSizes): number {
  const number = precision === 'float16' ? 2 : 4;
  const label = keep === 'full' ? number * classes : keep === 'hard' ? 2 : (2 + number) * kept;
  return 4 + 8 + 1 + (mix === 'none' ? 0 : 4) + label;
}

/** Of one image's maps in their file. */
export function bytesOfMap({ kept, precision }: Pick<LabelSizes, 'kept' | 'precision'>, places: number): number {
  return (2 + (precision === 'float16' ? 2 : 4)) * kept * places;
}
