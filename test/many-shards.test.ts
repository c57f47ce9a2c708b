/** Hundreds of shards in one run; thousands by `npm run soak-shards`, which also holds the growth to account. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { manyShards } from './rig/many-shards.ts';

it('five hundred shards are run, joined, and there the next time', async () => {
  const store = mkdtempSync(join(tmpdir(), 'retort-many-shards-'));
  onTestFinished(() => rmSync(store, { recursive: true, force: true }));
  // The shards, what joins them, what reads that.
  expect(await manyShards(store, 500)).toMatchObject({ executed: 502 });
  const again = await manyShards(store, 500);
  expect(again).toMatchObject({ executed: 0 });
});
