/**
 * Stages of very many shards through the real engine: real child processes, trivial steps. Prints what 500 and 5,000 of
 * them (or the numbers given) take of time, and of the memory of the driver, once fresh and once again with everything
 * there: both must grow with the number of shards, and not faster.
 *
 *     npm run soak-shards [-- 500 5000]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manyShards } from './rig/many-shards.ts';

const [first = 500, second = 10 * first] = process.argv.slice(2).map(Number);

const taken = [];
for (const count of [first, second]) {
  const store = mkdtempSync(join(tmpdir(), 'retort-soak-shards-'));
  try {
    const fresh = await manyShards(store, count);
    const again = await manyShards(store, count);
    taken.push({ count, fresh, again });
    for (const [what, { seconds, memory, planSeconds }] of Object.entries({ fresh, again }))
      process.stdout.write(
        `${count} shards, ${what}: ${seconds.toFixed(2)} s (${((1000 * seconds) / count).toFixed(2)} ms each), ` +
          `planned in ${planSeconds.toFixed(2)} s, driver ${(memory / 2 ** 20).toFixed(0)} MiB more\n`,
      );
    if (fresh.executed !== count + 2 || again.executed !== 0) throw new Error(`executed ${fresh.executed}`);
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

const [small, large] = taken;
if (small && large) {
  const times = large.count / small.count;
  for (const what of ['fresh', 'again'] as const) {
    const ratio = large[what].seconds / small[what].seconds / times;
    process.stdout.write(`${what}: time a shard at ${large.count} over that at ${small.count}: ${ratio.toFixed(2)}\n`);
    // What is quick has costs that do not grow; only what grows faster than the number is wrong.
    if (ratio > 1.5) process.exitCode = 1;
  }
}
