/**
 * A grid whose every node is finished, for what a run costs that has nothing to do: an experiment of `select` nodes, and a
 * store with their keys and three files of each, written straight to disk. The plan is the binary's own.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { packageRoot } from '../../base/package-root.ts';
import { unwrap } from '../../base/result.ts';
import type { Plan } from '../../engine/plan/plan.ts';
import { type KeyRecord, keyPath } from '../../engine/store/keys.ts';
import { objectPath } from '../../engine/store/objects.ts';
import { openStore, type Store } from '../../engine/store/store.ts';
import { type Whole, whole } from './process.ts';

const BINARY = join(packageRoot(), 'dist/engine/cli/main.js');
const CELLS = 10;

/** The folder of the experiment `grid.yaml` and its store `runs`. */
export function finishedGrid(parent: string, nodes: number): string {
  const folder = mkdtempSync(join(parent, `grid-${nodes}-`));
  writeFileSync(
    join(folder, 'grid.yaml'),
    `version: 1
name: engine benchmark
data: { set: fashion-mnist }
matrix:
  imagesPerClass: [${Array.from({ length: CELLS }, (_, cell) => cell + 1).join(', ')}]
resources: { threads: 1 }
replicates: { sets: ${nodes / CELLS}, evaluations: 1 }
stages:
  chosen: { stage: select, method: random, imagesPerClass: $imagesPerClass }
`,
  );
  const text = execFileSync(process.execPath, [BINARY, 'plan', 'grid.yaml', '--json'], {
    ...{ cwd: folder, encoding: 'utf8', maxBuffer: 1 << 30 },
  });
  const { plans } = JSON.parse(text) as { plans: readonly Plan[] };
  const store = unwrap(openStore(join(folder, 'runs'), { create: true }));
  for (const node of plans.flatMap((plan) => plan.nodes)) finish(store, node);
  return folder;
}

function finish(store: Store, { key, manifest, outputs }: Plan['nodes'][number]): void {
  const put = (text: string) => {
    const digest = sha256(text);
    write(objectPath(store, digest), text);
    return { sha256: digest, bytes: text.length };
  };
  const names = ['synthetic.safetensors', 'after.png', 'chosen.json'];
  const files = () => Object.fromEntries(names.map((name) => [name, put(`${name} of ${key}`)]));
  const record: KeyRecord = {
    ...{ schema: 'retort-key/1', key, manifest, metrics: {}, seconds: 1, steps: 1 },
    artifacts: Object.fromEntries(outputs.map((role) => [role, files()])),
  };
  write(keyPath(store, key), `${JSON.stringify(record, null, 2)}\n`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export function retort(folder: string, ...args: string[]): Promise<Whole> {
  return whole(process.execPath, [BINARY, ...args], folder);
}
