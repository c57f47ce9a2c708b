/** One whole process: how long it takes from start to end, and how much memory it held at most (Linux; 0 elsewhere). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;

export interface Whole {
  readonly seconds: number;
  /** Bytes; of the process itself, not of its children. */
  readonly peakMemory: number;
}

export async function whole(program: string, args: readonly string[], folder: string): Promise<Whole> {
  const begun = performance.now();
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  let peakMemory = 0;
  const looking = setInterval(() => {
    peakMemory = Math.max(peakMemory, peakOf(child.pid));
  }, LOOK_EVERY_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(looking);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${errors}`);
  return { seconds: (performance.now() - begun) / 1000, peakMemory };
}

function peakOf(pid: number | undefined): number {
  try {
    return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
