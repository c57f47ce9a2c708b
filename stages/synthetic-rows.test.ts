import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { bundledFolder, openDataSet } from '../data/registry.ts';
import { floats, ints } from '../tensor/tensor.ts';
import { heldFiles } from './held-files.ts';
import type { ArtifactReader } from './stage.ts';
import { openSyntheticRows } from './synthetic-rows.ts';
import { syntheticSetFile } from './synthetic-set.ts';

const data = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
const size = data.height * data.width;

/** `count` images of one class each, numbered from `from`, as a shard of the set. */
function part(from: number, count: number) {
  const values = Float32Array.from(
    { length: count * size },
    (_, at) => from + Math.floor(at / size) + (at % size) / size,
  );
  const set = {
    images: floats(values, [count, 1, 28, 28]),
    labels: ints(Int32Array.from({ length: count }, (_, i) => from + i)),
  };
  return syntheticSetFile(set, data, undefined, [from, from + count]);
}

const files = { ...part(0, 3), ...part(3, 5), ...part(8, 2) };

it('reads rows out of the files as it would hold them, and of these no more than asked for', () => {
  let read = 0;
  const reader = heldFiles(files);
  const counted: ArtifactReader = {
    ...reader,
    read(name, range) {
      const bytes = reader.read(name, range);
      read += bytes.length;
      return bytes;
    },
  };
  const [held, streamed] = [unwrap(openSyntheticRows(reader, data)), unwrap(openSyntheticRows(counted, data, 0))];
  expect(streamed.labels).toEqual(held.labels);
  const [opened, indices] = [read, [9, 0, 3, 7, 3]];
  expect(opened).toBeLessThan(4 * size * 2);
  expect(streamed.rowsAt(indices)).toEqual(held.rowsAt(indices));
  expect(read - opened).toBe(indices.length * size * 4);
});

it('refuses what the whole set is refused for', () => {
  const other = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const small = { ...other, classes: 5 };
  for (const mostHeld of [0, undefined]) {
    const opened = openSyntheticRows(heldFiles(files), small, mostHeld);
    expect(opened.ok ? 'ok' : opened.error.code).toBe('SET_LABELS');
  }
  const [name, bytes] = Object.entries(part(0, 3))[0]!;
  const cut = openSyntheticRows(heldFiles({ [name]: bytes.slice(0, -10) }), data, 0);
  expect(cut.ok ? 'ok' : cut.error.place).toBe(name);
});
