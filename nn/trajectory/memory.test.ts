/**
 * The memory of a trajectory does not grow with its length but for the states it stores. Measured by the operating system in a
 * process of its own: forty steps may take no more above five than their states and what the allocator and the collector leave
 * lying about. The graphs of the 35 further steps would hold about a gigabyte.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../base/package-root.ts';

const LEFT_LYING = 32e6;

function measured(steps: number): { peak: number; state: number } {
  const child = join(packageRoot(), 'dist/nn/trajectory/testing/memory-child.js');
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', child, String(steps)], { encoding: 'utf8' }));
}

it.runIf(process.platform === 'linux')('memory grows by a state a step', () => {
  const [short, long] = [measured(5), measured(40)];
  expect(long.peak - short.peak).toBeLessThan(35 * long.state + LEFT_LYING);
});
