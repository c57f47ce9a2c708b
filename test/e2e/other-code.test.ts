/** Code is no part of a key: a hit that other code of the same stage version has made stays a hit, and `plan` says so. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project, ROOT } from '../rig/retort.ts';

it('a hit made by other code of the same version is said', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1 }) });
  expect((await project.retort(['run', 'tiny.yaml', '--only', 'start', '--reporter', 'silent'])).code).toBe(0);
  const [file] = readdirSync(project.path('runs/keys'), { recursive: true }).filter((name) =>
    /\.json$/.test(`${name}`),
  );
  const path = join(project.path('runs/keys'), `${file}`);
  const record = JSON.parse(readFileSync(path, 'utf8'));
  const digests = JSON.parse(readFileSync(join(ROOT, 'dist/code-digests.json'), 'utf8'));
  expect(record.code).toBe(digests.select);
  expect(digests.select).not.toBe(digests.evaluate);
  expect((await project.retort(['plan', 'tiny.yaml'])).stdout).not.toContain('The code of');

  writeFileSync(path, JSON.stringify({ ...record, code: 'f'.repeat(64) }));
  const { stdout } = await project.retort(['plan', 'tiny.yaml']);
  expect(stdout).toContain(
    '\nThe code of select has changed since 1 hit, not its version: the results should be the same.\n',
  );
  const [plan] = JSON.parse((await project.retort(['plan', 'tiny.yaml', '--json'])).stdout).plans;
  expect(plan.nodes.filter(({ otherCode }: { otherCode?: true }) => otherCode)).toMatchObject([{ state: 'hit' }]);
});
