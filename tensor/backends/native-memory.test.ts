/** What a process takes anew from the system, by its page faults, where it frees blocks of memory and wants them again. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { keepingFreed, keepsFreed } from './native-memory.ts';

const BLOCK = 16 * 2 ** 20;
const ROUNDS = 20;
const PAGE = 4096;

const SCRIPT = `
  const round = () => { structuredClone(new ArrayBuffer(${BLOCK})); gc(); };
  for (let warm = 0; warm < 5; warm++) round();
  const before = process.resourceUsage().minorPageFault;
  for (let i = 0; i < ${ROUNDS}; i++) round();
  console.log(process.resourceUsage().minorPageFault - before);
`;

const faults = (env: NodeJS.ProcessEnv) =>
  Number(execFileSync(process.execPath, ['--expose-gc', '-e', SCRIPT], { env, encoding: 'utf8' }));

it.runIf(process.platform === 'linux')('blocks that were freed are taken again, not fetched from the system', () => {
  expect(faults(keepingFreed(process.env))).toBeLessThan((ROUNDS * BLOCK) / PAGE / 4);
});

it('what the user has set stays, and then nothing is promised', () => {
  const before = process.env.MALLOC_MMAP_MAX_;
  const env = keepingFreed({ MALLOC_MMAP_MAX_: '7' });
  expect(env.MALLOC_MMAP_MAX_).toBe('7');
  try {
    Object.assign(process.env, keepingFreed({}));
    expect(keepsFreed()).toBe(process.platform === 'linux');
    Object.assign(process.env, env);
    expect(keepsFreed()).toBe(false);
  } finally {
    if (before === undefined) delete process.env.MALLOC_MMAP_MAX_;
    else process.env.MALLOC_MMAP_MAX_ = before;
  }
});
