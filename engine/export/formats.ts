/** What each format makes of a node: files by path, and whatever the card should say about them. */
import { fail, ok, type Result } from '../../base/result.ts';
import { STEPS_FILE } from '../../stages/learned-steps.ts';
import { WHITENING_FILE } from '../../stages/whitening.ts';
import type { ExportFormat } from './format-names.ts';
import { parquetFile } from './parquet.ts';
import { type Pictures, picturesOf } from './pictures.ts';
import { type ExportedSet, type ExportSource, filesOfSource, readSource, setOf } from './source.ts';
import { fitOf, seenSet } from './whitened.ts';

export interface Exported {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Undefined for nodes that make none. */
  readonly set?: ExportedSet;
  readonly pictures?: Pictures;
}

export async function exportAs(source: ExportSource, format: ExportFormat): Promise<Result<Exported>> {
  switch (format) {
    case 'safetensors':
      return safetensors(source);
    case 'png':
      return png(source);
    case 'imagefolder':
      return imageFolder(source);
    case 'parquet':
      return parquet(source);
    case 'onnx':
      return copies(source, /\.onnx(\.data)?$/, 'EXPORT_NO_NETWORK', 'a network as ONNX');
  }
}

/**
 * A set's file byte for byte, under the name that others expect, and what its images are worth little without: the ZCA fit
 * that they are whitened by, the steps that were learned with them. Of other nodes every tensor file.
 */
function safetensors(source: ExportSource): Result<Exported> {
  const set = setOf(source);
  if (set.ok) return withCompanions(source, set.value);
  if (set.error.code !== 'EXPORT_NO_SET') return set;
  return copies(source, /\.safetensors$/, 'EXPORT_NO_TENSORS', 'tensors');
}

function withCompanions(source: ExportSource, set: ExportedSet): Result<Exported> {
  const files = new Map([['data.safetensors', set.bytes]]);
  const fit = fitOf(source, set);
  if (!fit.ok) return fit;
  if (fit.value) files.set(WHITENING_FILE, fit.value);
  const steps = filesOfSource(source).find(({ file }) => file === STEPS_FILE);
  const bytes = steps && readSource(source, steps);
  if (bytes?.ok === false) return bytes;
  if (bytes) files.set(STEPS_FILE, bytes.value);
  return ok({ files, set });
}

/** One picture an image, or of other nodes the pictures that they have made. */
async function png(source: ExportSource): Promise<Result<Exported>> {
  const set = await seenSet(source);
  if (!set.ok && set.error.code !== 'EXPORT_NO_SET') return set;
  const made = copies(source, /\.png$/, 'EXPORT_NO_PICTURES', 'pictures');
  if (!set.ok) return made;
  const pictures = picturesOf(set.value);
  const files = new Map(made.ok ? made.value.files : []);
  pictures.files.forEach((bytes, image) => {
    files.set(`images/${idOf(image, pictures.files.length)}.png`, bytes);
  });
  return ok({ files, set: set.value, pictures });
}

async function imageFolder(source: ExportSource): Promise<Result<Exported>> {
  const set = await seenSet(source);
  if (!set.ok) return set;
  const pictures = picturesOf(set.value);
  const files = new Map<string, Uint8Array>();
  const lines: string[] = [];
  pictures.files.forEach((bytes, image) => {
    const label = set.value.labels.data[image] ?? 0;
    const path = `${classFolder(set.value, label)}/${idOf(image, pictures.files.length)}.png`;
    files.set(`train/${path}`, bytes);
    const soft = softLabel(set.value, image);
    lines.push(
      JSON.stringify({
        file_name: path,
        label,
        class: set.value.classNames[label] ?? String(label),
        ...(soft && { soft_label: soft }),
      }),
    );
  });
  files.set('train/metadata.jsonl', new TextEncoder().encode(`${lines.join('\n')}\n`));
  return ok({ files, set: set.value, pictures });
}

async function parquet(source: ExportSource): Promise<Result<Exported>> {
  const set = await seenSet(source);
  if (!set.ok) return set;
  const pictures = picturesOf(set.value);
  const bytes = await parquetFile(set.value, pictures.files, (image) => softLabel(set.value, image));
  return ok({ files: new Map([['data/train-00000-of-00001.parquet', bytes]]), set: set.value, pictures });
}

/** Files that the node has made itself; those of several roles go into folders of their names. */
function copies(source: ExportSource, pattern: RegExp, code: string, what: string): Result<Exported> {
  const found = filesOfSource(source).filter(({ file }) => pattern.test(file));
  if (found.length === 0) {
    const made = filesOfSource(source).map(({ role, file }) => `${role}/${file}`);
    return fail(code, `${source.name} has made no ${what.replace(/^an? /, '')}, but ${made.join(', ') || 'nothing'}.`, {
      help: 'Name a node of another stage, or another --format.',
    });
  }
  const roles = new Set(found.map(({ role }) => role));
  const files = new Map<string, Uint8Array>();
  for (const file of found) {
    const bytes = readSource(source, file);
    if (!bytes.ok) return bytes;
    files.set(roles.size > 1 ? `${file.role}/${file.file}` : file.file, bytes.value);
  }
  return ok({ files });
}

/** Begins with the label, so that torchvision's ImageFolder, which counts folders by their names, gives the same labels. */
function classFolder({ classNames }: ExportedSet, label: number): string {
  const digits = String(Math.max(0, classNames.length - 1)).length;
  const name = (classNames[label] ?? '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return [String(label).padStart(digits, '0'), name].filter(Boolean).join('_');
}

function idOf(image: number, count: number): string {
  return String(image).padStart(Math.max(5, String(count - 1).length), '0');
}

function softLabel({ softLabels }: ExportedSet, image: number): number[] | undefined {
  const classes = softLabels?.shape[1];
  return classes === undefined
    ? undefined
    : [...(softLabels?.data.slice(image * classes, (image + 1) * classes) ?? [])];
}
