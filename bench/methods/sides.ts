/** Both sides of a comparison as processes of their own that take turns. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../base/json.ts';
import { Peer } from '../peer.ts';
import type { ChildConfiguration } from './stage-child.ts';

export interface Side {
  ask(question: Json): Promise<Json>;
  stop(): void;
}

export interface Measured {
  readonly ms: readonly number[];
  /** Bytes above the loaded, idle process. */
  readonly peak: number;
}

export async function ownSide(configuration: ChildConfiguration): Promise<Side> {
  const script = fileURLToPath(import.meta.url).replace(/sides(\.[jt]s)$/, 'stage-child$1');
  const child = spawn(process.execPath, ['--expose-gc', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question: unknown): Promise<Json> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('Internal error: expected our own side to answer, but it ended');
    return JSON.parse(value) as Json;
  };
  await once(child, 'spawn');
  await ask(configuration);
  return { ask, stop: () => child.kill() };
}

export async function peerSide(configuration: Json): Promise<Side> {
  const { peer } = await Peer.start('methods.py', 'torch', configuration);
  return { ask: (question) => peer.ask(question), stop: () => peer.stop() };
}

/** In turn, `turns` at a time; `warm` rounds before count for none. */
export async function measured(
  sides: readonly Side[],
  { rounds, turns, warm }: { readonly rounds: number; readonly turns: number; readonly warm: number },
): Promise<Measured[]> {
  const found = sides.map(() => ({ ms: [] as number[], peak: 0 }));
  try {
    for (let round = -warm; round < rounds; round++)
      for (const [index, side] of sides.entries()) {
        const { ms, peak } = (await side.ask({ steps: turns })) as unknown as Measured;
        const own = found[index];
        if (!own) continue;
        own.peak = Math.max(own.peak, peak);
        if (round >= 0) own.ms.push(...ms);
      }
  } finally {
    for (const side of sides) side.stop();
  }
  return found;
}
