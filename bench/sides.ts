/** Both sides of a comparison as processes of their own that answer lines of JSON and take turns; ours is a script of these folders. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Json } from '../base/json.ts';
import { keepingFreed } from '../tensor/backends/native-memory.ts';
import { Peer } from './peer.ts';

export interface Side {
  ask(question: Json): Promise<Json>;
  stop(): void;
}

/** `script`: beside `module`, without its ending, which is that of the module: source or built. */
export async function ownSide(module: string, script: string, configuration: unknown): Promise<Side> {
  const path = fileURLToPath(module).replace(/[^/\\]+(\.[jt]s)$/, `${script}$1`);
  // As the engine starts the processes that run stages.
  const env = keepingFreed(process.env);
  const child = spawn(process.execPath, ['--expose-gc', path], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question: unknown): Promise<Json> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('Internal error: expected our own side to answer, but it ended');
    return JSON.parse(value) as Json;
  };
  await ask(configuration);
  return { ask, stop: () => child.kill() };
}

export async function peerSide(script: string, configuration: Json): Promise<Side> {
  const { peer } = await Peer.start(script, 'torch', configuration);
  return { ask: (question) => peer.ask(question), stop: () => peer.stop() };
}

export interface Measured {
  readonly ms: readonly number[];
  /** Milliseconds of processor time, of sides that tell it. */
  readonly cpu: readonly number[];
  /** Bytes above the loaded, idle process. */
  readonly peak: number;
}

/** In turn, `turns` at a time; `warm` rounds before count for none. */
export async function measured(
  sides: readonly Side[],
  { rounds, turns, warm }: { readonly rounds: number; readonly turns: number; readonly warm: number },
): Promise<Measured[]> {
  const found = sides.map(() => ({ ms: [] as number[], cpu: [] as number[], peak: 0 }));
  try {
    for (let round = -warm; round < rounds; round++)
      for (const [index, side] of sides.entries()) {
        const { ms, cpu = [], peak } = (await side.ask({ steps: turns })) as unknown as Measured;
        const own = found[index];
        if (!own) continue;
        own.peak = Math.max(own.peak, peak);
        if (round < 0) continue;
        own.ms.push(...ms);
        own.cpu.push(...cpu);
      }
  } finally {
    for (const side of sides) side.stop();
  }
  return found;
}
