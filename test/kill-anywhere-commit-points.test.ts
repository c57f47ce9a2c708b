/**
 * Kill-anywhere, "a fault-injection suite that kills at every named commit point": each protocol that a plain run does not
 * pass is killed by SIGKILL at each of its points and done again; what is believed then equals what is believed of one that
 * was left alone, and every byte of the store is sound. The points of a plain run: `engine/store/faults.test.ts`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../base/package-root.ts';
import { unwrap } from '../base/result.ts';
import { type Protocol, protocolPoints } from '../engine/store/faults.ts';
import type { Finding } from '../engine/store/findings.ts';
import { openStore } from '../engine/store/store.ts';
import { verifyStore } from '../engine/store/verify.ts';
import { memoryFolder } from './rig/memory-folder.ts';
import { protocols } from './rig/protocols.ts';

async function actedIn(protocol: Protocol, fault: string): Promise<unknown[]> {
  const outer = memoryFolder('protocol');
  try {
    return await seenAfter(protocol, fault, join(outer, 'store'));
  } finally {
    rmSync(outer, { recursive: true, force: true });
  }
}

async function seenAfter(protocol: Protocol, fault: string, folder: string): Promise<unknown[]> {
  protocols[protocol].prepare(folder);
  const program = join(packageRoot(), 'dist/test/rig/protocols.js');
  const act = async (environment: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [program, protocol, folder], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return once(child, 'exit');
  };
  if (fault !== '') expect(await act({ RETORT_FAULT: fault })).toEqual([null, 'SIGKILL']);
  expect(await act({})).toEqual([0, null]);
  const damages: Finding[] = [];
  for await (const finding of verifyStore(unwrap(openStore(folder))))
    if (finding.type === 'damage' && (finding.part !== 'index' || protocol === 'index')) damages.push(finding);
  return [damages, await protocols[protocol].seen(folder)];
}

describe.each(Object.keys(protocolPoints) as Protocol[])('Kill-anywhere: %s', (protocol) => {
  let undisturbed: unknown[];
  beforeAll(async () => {
    undisturbed = await actedIn(protocol, '');
    expect(undisturbed[0]).toEqual([]);
  });
  it.each([...protocolPoints[protocol]])('killed at %s, and done again', async (point) => {
    expect(await actedIn(protocol, point)).toEqual(undisturbed);
  });
});
