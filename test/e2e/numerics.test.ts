/**
 * What of the numerics stands in keys: with `numerics: backend` a result of other threads is a hit, and says on what it was
 * made; by default it is another computation.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

const THREADS = (threads: number) => `resources.threads=${threads}`;

interface Start {
  readonly state: string;
  readonly key: string;
  readonly manifest: { readonly numerics: Readonly<Record<string, string | number>> };
  readonly because?: { readonly inWords: readonly string[] };
}

it('strict by default; backend: machine and threads are in no key, but in the record', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1 }) });
  const start = async (...args: string[]): Promise<Start> =>
    JSON.parse((await project.retort(['plan', 'tiny.yaml', ...args, '--json'])).stdout).plans[0].nodes[0];
  const run = (...args: string[]) =>
    project.retort(['run', 'tiny.yaml', '--only', 'start', '--reporter', 'silent', ...args]);

  expect((await run(THREADS(1))).code).toBe(0);
  expect(await start(THREADS(1))).toMatchObject({ state: 'hit', manifest: { numerics: { threads: 1 } } });
  expect(await start(THREADS(2))).toMatchObject({ state: 'to run', because: { inWords: ['threads 1 → 2'] } });
  expect((await start(THREADS(1), '--numerics', 'backend')).because?.inWords).toEqual(['numerics strict → backend']);

  expect((await run(THREADS(1), '--numerics', 'backend')).code).toBe(0);
  const shared = await start(THREADS(2), 'numerics=backend');
  expect(shared).toMatchObject({ state: 'hit', manifest: { numerics: { backend: 'onnxruntime' } } });
  for (const part of ['processor', 'threads']) expect(shared.manifest.numerics).not.toHaveProperty(part);
  const record = JSON.parse(
    readFileSync(project.path(`runs/keys/${shared.key.slice(0, 2)}/${shared.key}.json`), 'utf8'),
  );
  expect(record.madeWith).toMatchObject({ ...shared.manifest.numerics, threads: 1, processor: expect.any(String) });
  expect((await project.retort(['show', shared.key.slice(0, 12)])).stdout).toMatch(
    /\n {2}made with +backend .*threads 1\n/,
  );

  // The settings speak where the experiment does not, and the flag wins.
  project.write({ 'retort.config.yaml': 'numerics: backend\n' });
  expect((await start(THREADS(2))).key).toBe(shared.key);
  expect((await start(THREADS(2), '--numerics', 'strict')).state).toBe('to run');
  expect((await start(THREADS(2), 'numerics=strict')).state).toBe('to run');
  const wrong = await project.retort(['plan', 'tiny.yaml', 'numerics=loose']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('`strict` or `backend`')]);
});
