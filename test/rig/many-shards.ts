/** A stage of so many shards, and one that reads it, run in this process as its driver: what that took. */
import { setInterval as every } from 'node:timers';
import { trivialPlan } from './trivial-plan.ts';
import { runTrivial } from './trivial-run.ts';

export interface Taken {
  readonly seconds: number;
  readonly planSeconds: number;
  /** Bytes in use at most, over those at the beginning. */
  readonly memory: number;
  readonly executed: number;
}

export async function manyShards(store: string, shards: number): Promise<Taken> {
  const experiment = {
    cells: [
      {
        all: { kind: 'spread', items: shards, per: 1 } as const,
        sum: { kind: 'gather', from: 'all', steps: 1 } as const,
      },
    ],
  };
  const planned = performance.now();
  trivialPlan(experiment);
  const planSeconds = (performance.now() - planned) / 1000;
  globalThis.gc?.();
  const before = inUse();
  let most = before;
  const looking = every(() => {
    most = Math.max(most, inUse());
  }, 100);
  const begun = performance.now();
  const { outcome } = await runTrivial(store, experiment, { keepEvents: false });
  clearInterval(looking);
  if (outcome.outcome !== 'done') throw new Error(`The run of ${shards} shards is ${outcome.outcome}`);
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, planSeconds, memory: Math.max(most, inUse()) - before, executed: outcome.executed };
}

function inUse(): number {
  return process.memoryUsage().rss;
}
