/** Two results for one key: why, as far as it can be known, is told with the warning. */
import { expect, it } from 'vitest';
import { unwrap } from '../../../base/result.ts';
import { temporaryFolder } from '../../../test/rig/retort.ts';
import { cacheKey } from '../../plan/key.ts';
import type { KeyManifest, PlanNode } from '../../plan/plan.ts';
import { codeDigest } from '../../store/code-digests.ts';
import { commitKey, type KeyRecord } from '../../store/keys.ts';
import { openStore } from '../../store/store.ts';
import { conflictMessage } from './commit.ts';

const STRICT = { backend: 'reference', threads: 1 };

/** The message after two results, the first by this code. */
function messageAfter(code: string | undefined, numerics: KeyManifest['numerics']): string {
  const store = unwrap(openStore(temporaryFolder(), { create: true }));
  const manifest: KeyManifest = { v: 1, stage: 'select', version: 1, params: {}, inputs: {}, numerics };
  const node: PlanNode = {
    ...{ id: 'start', key: cacheKey(manifest), manifest, params: {}, threads: 1 },
    ...{ outputs: [], inputs: {}, uses: [] },
  };
  const record: KeyRecord = {
    ...{ schema: 'retort-key/1', key: node.key, manifest, artifacts: {}, metrics: { loss: 1 }, seconds: 1, steps: 1 },
    ...(code !== undefined && { code }),
  };
  expect(commitKey(store, record)).toBe('committed');
  expect(commitKey(store, { ...record, metrics: { loss: 2 } })).toBe('conflict');
  return conflictMessage(store, node);
}

it('equal code, or nobody knows: something is not deterministic', () => {
  for (const code of [codeDigest('select'), undefined])
    expect(messageAfter(code, STRICT)).toMatch(/its stage, backend or machine is not deterministic/);
});

it('other code: its version should have been raised', () => {
  expect(messageAfter('f'.repeat(64), STRICT)).toMatch(/its code has changed since then, though not the version/);
});

it('keys without the machine: another one may have made it', () => {
  expect(messageAfter(codeDigest('select'), { backend: 'reference' })).toMatch(/which leaves the machine out/);
});
