/**
 * A first run of stages that compute nothing, in a fresh store: plan, schedule, lease, three files, durable commit. The
 * stages are those of the engine's own tests; two attempts run side by side.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { type Whole, whole } from './process.ts';

export async function firstRun(parent: string, nodes: number): Promise<Whole> {
  const folder = mkdtempSync(join(parent, 'first-'));
  const experiment = { store: join(folder, 'runs'), concurrency: 2, sets: nodes, cells: [{ counted: { steps: 1 } }] };
  const driver = join(packageRoot(), 'dist/test/rig/trivial-driver.js');
  try {
    return await whole(process.execPath, [driver, JSON.stringify(experiment)], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
