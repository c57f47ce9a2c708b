/** Labels of which a byte has changed since they were written. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { heldFiles } from '../held-files.ts';
import type { ArtifactFiles, ArtifactReader } from '../stage.ts';
import { drawViews, viewStreams } from './draws.ts';
import { encodeMaps, encodeViews } from './encode.ts';
import { mapsFile, type SoftLabelFacts, viewsFile } from './format.ts';
import { openSoftLabels, type SoftLabels } from './read.ts';

const facts: SoftLabelFacts = {
  ...{ kind: 'views', set: 'mnist', classes: 3, height: 8, width: 8, count: 6, images: 'i', teachers: ['t'] },
  ...{ batchSize: 4, crop: 'resized', minimumArea: 0.5, padding: 0, flip: true, mix: 'none', mixAlpha: 1 },
  ...{ keep: 'full', kept: 1, renormalised: false, temperature: 1, precision: 'float32' },
};

function views(first = 0): ArtifactFiles {
  const streams = viewStreams({ base: 1, set: 1 }, 'relabel');
  return Object.fromEntries(
    [0, 1].map((epoch) => {
      const logits = Float32Array.from({ length: 18 }, (_, index) => (index === 0 ? first : index + epoch));
      return [viewsFile(epoch), encodeViews(epoch, drawViews(streams, epoch, facts), { logits }, facts)];
    }),
  );
}

function maps(): ArtifactFiles {
  const of: SoftLabelFacts = { ...facts, kind: 'maps', keep: 'topk', kept: 1 };
  const shape = [3, 1, 2, 2];
  const part = (first: number) =>
    encodeMaps(first, { classes: new Int16Array(12), scores: new Float32Array(12).fill(1), shape }, of);
  return { [mapsFile(0)]: part(0), [mapsFile(1)]: part(3) };
}

/** The last byte of one file is another one; the store does not know. */
function damaged(files: ArtifactFiles, name: string): ArtifactReader {
  const bytes = Uint8Array.from(files[name]!);
  bytes[bytes.length - 1]! ^= 1;
  return { ...heldFiles({ ...files, [name]: bytes }), describe: heldFiles(files).describe };
}

const opened = (reader: ArtifactReader): SoftLabels => unwrap(openSoftLabels(reader, facts));
const told = (name: string) => expect.objectContaining({ code: 'SOFT_LABELS_DAMAGED', place: name });

it('tells views of which a byte has changed, before one of their file is learned', () => {
  const name = viewsFile(1);
  const labels = opened(damaged(views(), name));
  expect(labels.batch(0, 0).order).toHaveLength(4);
  for (const read of [() => labels.batch(1, 0), () => labels.rows(1, 3, 1), () => labels.order(1)])
    expect(read).toThrow(expect.objectContaining({ failure: told(name) }));
});

it('tells label maps of which a byte has changed', () => {
  const name = mapsFile(1);
  const labels = opened(damaged(maps(), name));
  expect(labels.maps([0, 2]).scores.shape).toEqual([2, 1, 2, 2]);
  expect(() => labels.maps([0, 3])).toThrow(expect.objectContaining({ failure: told(name) }));
});

it('tells labels that are no numbers, as another program may have written them', () => {
  const labels = opened(heldFiles(views(Number.NaN)));
  expect(() => labels.batch(0, 0)).toThrow(/logits holds numbers that are none/);
  expect(labels.batch(0, 1).logits!.shape).toEqual([2, 3]);
});

it('reads a file through once, and only if rows of it are wanted', () => {
  const held = heldFiles(views());
  const read: Record<string, number> = {};
  const counted: ArtifactReader = {
    ...held,
    read(name, range) {
      const bytes = held.read(name, range);
      if (bytes.length === held.describe(name).bytes) read[name] = (read[name] ?? 0) + 1;
      return bytes;
    },
  };
  const labels = opened(counted);
  for (const index of [0, 1, 0, 1]) labels.batch(0, index);
  expect(read).toEqual({ [viewsFile(0)]: 1 });
});
