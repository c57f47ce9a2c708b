/** Packing: who runs beside whom, in which order, with which GPUs. */
import { expect, it } from 'vitest';
import { type Capacity, type Grant, Pool } from './pool.ts';

const WIDE: Capacity = { threads: 100, memory: 1000, gpus: [], attempts: 100 };

/** Asks for all at once; `holds` has who was served, in the order in which they were. */
async function asking(
  capacity: Partial<Capacity>,
  needs: Record<string, Partial<{ threads: number; memory: number; gpus: number }>>,
) {
  const pool = new Pool({ ...WIDE, ...capacity });
  const holds = new Map<string, Grant>();
  const order: string[] = [];
  Object.entries(needs).forEach(([name, need], place) => {
    void pool.acquire({ threads: 1, memory: 0, gpus: 0, ...need }, place).then((grant) => {
      holds.set(name, grant);
      order.push(name);
    });
  });
  const settled = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    return [...order];
  };
  const release = async (name: string) => {
    holds.get(name)?.release();
    return settled();
  };
  return { pool, holds, settled, release };
}

it('packs by threads, earlier places first', async () => {
  const { settled, release } = await asking(
    { threads: 4 },
    { a: { threads: 2 }, b: { threads: 2 }, c: { threads: 1 } },
  );
  expect(await settled()).toEqual(['a', 'b']);
  expect(await release('b')).toEqual(['a', 'b', 'c']);
});

it('packs by memory, and lets a smaller one pass', async () => {
  const { settled, release } = await asking({}, { a: { memory: 700 }, b: { memory: 400 }, c: { memory: 300 } });
  expect(await settled()).toEqual(['a', 'c']);
  expect(await release('a')).toEqual(['a', 'c', 'b']);
});

it('gives every GPU to one at a time, and none to who asks for none', async () => {
  const { holds, settled, release } = await asking(
    { gpus: ['0', '1'] },
    { a: { gpus: 1 }, b: { gpus: 2 }, c: { gpus: 1 }, d: {} },
  );
  expect(await settled()).toEqual(['a', 'c', 'd']);
  expect(['a', 'c', 'd'].map((name) => holds.get(name)?.gpus)).toEqual([['0'], ['1'], []]);
  await release('c');
  expect(await release('a')).toEqual(['a', 'c', 'd', 'b']);
  expect(holds.get('b')?.gpus).toEqual(['0', '1']);
});

it('cuts what can never be there, so that its owner runs alone', async () => {
  const { settled, release } = await asking({ threads: 2 }, { a: { threads: 16 }, b: {} });
  expect(await settled()).toEqual(['a']);
  expect(await release('a')).toEqual(['a', 'b']);
});

it('runs no more side by side than allowed', async () => {
  const { settled } = await asking({ attempts: 1 }, { a: {}, b: {} });
  expect(await settled()).toEqual(['a']);
});

it('lets a large one have its turn after so many have passed', async () => {
  const small = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`s${i}`, { threads: 1 }]));
  const { settled, release } = await asking({ threads: 2 }, { first: { threads: 1 }, large: { threads: 2 }, ...small });
  let served = await settled();
  while (!served.includes('large'))
    served = await release(served.findLast((name) => name.startsWith('s')) ?? '').then(async (now) =>
      now.length > served.length ? now : release('first'),
    );
  expect(served.length).toBeLessThan(80);
});

it('exchanges a grant for a larger one, waiting for it', async () => {
  const { holds, settled, release } = await asking({}, { a: { memory: 500 }, b: { memory: 500 } });
  await settled();
  let grown = false;
  void holds
    .get('a')
    ?.exchange({ threads: 1, memory: 750, gpus: 0 })
    .then(() => {
      grown = true;
    });
  await settled();
  expect(grown).toBe(false);
  await release('b');
  expect(grown).toBe(true);
});
