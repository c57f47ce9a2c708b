/** A step must be shorter than the time that an attempt has when it is to end: one that was not is told, once of its stage. */
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { runTrivial } from '../../test/rig/trivial-run.ts';

vi.setConfig({ testTimeout: 120_000 });

const TWO = { cells: [{ score: { steps: 3 } }, { score: { steps: 3, salt: 1 } }] };

async function warnings(experiment: Parameters<typeof runTrivial>[1], graceSeconds?: number) {
  const { outcome, events } = await runTrivial(join(temporaryFolder(), 'store'), experiment, { graceSeconds });
  expect(outcome.outcome).toBe('done');
  return events.filter(({ type }) => type === 'warning');
}

it('longer than the grace: one warning for all nodes of the stage, with what to do', async () => {
  // No step takes no time at all.
  const told = await warnings(TWO, 0);
  expect(told).toHaveLength(1);
  expect(told).toMatchObject([
    { node: expect.stringMatching(/^score/), message: expect.stringContaining('a step of') },
  ]);
  expect(told).toMatchObject([{ message: expect.stringMatching(/smaller steps or more threads.*--signal=B:USR2@/) }]);
});

it('shorter than it: nothing', async () => {
  expect(await warnings(TWO)).toEqual([]);
});

it('a step that can be given up may take as long as it likes', async () => {
  const gate = join(temporaryFolder(), 'gate');
  expect(await warnings({ cells: [{ score: { steps: 3, gate } }] }, 0)).toEqual([]);
});
