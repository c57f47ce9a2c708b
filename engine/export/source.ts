/**
 * What is exported: a node's stored files, with what its run's plan knows of it. A synthetic set is told by its file; every
 * byte is verified as it is read.
 */
import type { JsonObject } from '../../base/json.ts';
import { type Failure, FailureError, fail, ok, type Result, unwrap } from '../../base/result.ts';
import { dataSetFacts } from '../../data/registry.ts';
import { readSetFiles, syntheticFiles } from '../../stages/synthetic-set.ts';
import { decodeSafetensors, encodeSafetensors, type TensorFile } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PlanNode } from '../plan/plan.ts';
import type { KeyRecord } from '../store/keys.ts';
import { readObject } from '../store/objects.ts';
import type { RunFolder } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export interface ExportSource {
  readonly store: Store;
  readonly record: KeyRecord;
  /** As people name it. */
  readonly name: string;
  readonly run?: RunFolder;
  readonly node?: PlanNode;
}

/** A file of the node, as it is stored. */
export interface SourceFile {
  readonly role: string;
  readonly file: string;
  readonly sha256: string;
}

export interface ExportedSet {
  readonly bytes: Uint8Array;
  /** Normalised or whitened, [n, channels, height, width]. */
  readonly images: Tensor;
  /** [n], from 0. */
  readonly labels: Tensor;
  /** [n, classes], where the set has them. */
  readonly softLabels: Tensor | undefined;
  /** Learned with the images, where it was. */
  readonly learningRate: number | undefined;
  readonly dataSet: string;
  readonly title: string;
  readonly classNames: readonly string[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Digest of the ZCA fit in whose space the images are; `mean` and `std` are 0 and 1 then. */
  readonly whitening: string | undefined;
}

export function filesOfSource({ record }: ExportSource): SourceFile[] {
  return Object.entries(record.artifacts).flatMap(([role, files]) =>
    Object.entries(files).map(([file, { sha256 }]) => ({ role, file, sha256 })),
  );
}

export function readSource({ store }: ExportSource, { sha256 }: SourceFile): Result<Uint8Array> {
  return readObject(store, sha256, { verify: true });
}

/** The synthetic set that the node has made; a typed failure where it has made none. */
export function setOf(source: ExportSource): Result<ExportedSet> {
  const made = filesOfSource(source);
  const files = made.map(({ file }) => file);
  const [first, ...others] = syntheticFiles({ files });
  const whole = made.find(({ file }) => file === first);
  if (!whole) return noSet(source);
  const bytes = readSource(source, whole);
  if (!bytes.ok) return bytes;
  const decoded = others.length > 0 ? partsOfSet(source, made) : decodeSafetensors(bytes.value);
  if (!decoded.ok) return decoded;
  const { tensors, metadata } = decoded.value;
  const { images, labels } = tensors;
  if (images?.shape.length !== 4 || labels?.shape.length !== 1 || images.shape[0] !== labels.shape[0])
    return noSet(source, 'its images and labels do not belong together');
  const facts = metadata.set === undefined ? undefined : dataSetFacts(metadata.set);
  const classes = Number(metadata.classes ?? facts?.classes ?? 0);
  return ok({
    // Whoever loads it sees one file, in however many parts it was made.
    bytes: others.length > 0 ? encodeSafetensors(tensors, metadata) : bytes.value,
    images,
    labels,
    softLabels: tensors.soft_labels ?? tensors.softLabels,
    learningRate: tensors.learning_rate?.data[0],
    dataSet: metadata.set ?? 'unknown',
    title: facts?.title ?? metadata.set ?? 'an unknown data set',
    classNames: facts?.classNames ?? Array.from({ length: classes }, (_, label) => String(label)),
    mean: numbers(metadata.mean, images.shape[1] ?? 1, 0),
    std: numbers(metadata.std, images.shape[1] ?? 1, 1),
    whitening: metadata.whitening,
  });
}

function partsOfSet(source: ExportSource, made: readonly SourceFile[]): Result<TensorFile> {
  const read = (name: string) => unwrap(readSource(source, made.find(({ file }) => file === name) as SourceFile));
  try {
    return readSetFiles({ files: made.map(({ file }) => file), read });
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, error: error.failure };
    throw error;
  }
}

/** All parameters where a plan has them, else those that differ from their defaults. */
export function paramsOf({ node, record }: ExportSource): JsonObject {
  return node?.params ?? record.manifest.params;
}

function numbers(text: string | undefined, channels: number, usual: number): number[] {
  const read = text === undefined ? undefined : (JSON.parse(text) as unknown);
  return Array.isArray(read) ? read.map(Number) : Array.from({ length: channels }, () => usual);
}

function noSet(source: ExportSource, why?: string): { readonly ok: false; readonly error: Failure } {
  const made = filesOfSource(source).map(({ role, file }) => `${role}/${file}`);
  return fail(
    'EXPORT_NO_SET',
    `${source.name} has made no synthetic set of pictures${why ? `: ${why}` : `, but ${made.join(', ') || 'nothing'}`}.`,
    { help: 'Name a node of a stage that makes one (`retort stages`), or another --format.' },
  );
}
