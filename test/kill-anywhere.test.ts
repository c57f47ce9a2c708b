/**
 * Kill-anywhere: two hundred times a driver, its children or both die at a named point or at a random moment; the same command
 * continues, repeats nothing that is finished, and comes to the same bytes. `npm run soak -- N` does as many as one likes.
 */
import { expect, it } from 'vitest';
import { soak } from './rig/interruptions.ts';

it('Kill-anywhere: survives two hundred interruptions', { timeout: 1_200_000 }, async () => {
  const { interruptions, problems } = await soak(200, 1);
  expect(problems).toEqual([]);
  expect(interruptions).toBeGreaterThanOrEqual(200);
});
