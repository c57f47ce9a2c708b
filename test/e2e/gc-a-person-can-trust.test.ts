/**
 * GC a person can trust: names, not hashes; sizes; why each is of no use; a dry run by default, a grace time, and a trash
 * folder that gives everything back.
 */
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { results } from '../rig/artifacts.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('GC a person can trust: names, sizes, reasons, a dry run, a grace time, a trash that gives back', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1, iterations: 2 }) });
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  const before = results(project.path('runs'));
  expect((await project.retort(['gc'])).stderr).toContain('Nothing to collect.');

  // The experiment changes: what only the old one planned is of no use any more, once it is old enough.
  project.write({ 'tiny.yaml': tinyExperiment({ sets: 1, iterations: 3 }) });
  expect((await project.retort(['gc'])).stderr).toMatch(/kept: 4 results, since younger than the grace time/);
  const dry = await project.retort(['gc', '--grace', '0']);
  expect(dry.stdout).toMatch(/distil\[method=dm\S* +match +\d\S* [KM]?i?B +20\d\d-.*tiny\.yaml no longer plans it/);
  expect(dry.stderr).toContain('Nothing was moved');
  expect(results(project.path('runs'))).toEqual(before);

  expect((await project.retort(['pin', 'last'])).code).toBe(0);
  expect((await project.retort(['gc', '--grace', '0'])).stderr).toMatch(/kept: 4 results, since run \S+ is pinned/);
  expect((await project.retort(['pin', 'last', '--remove'])).code).toBe(0);

  expect((await project.retort(['gc', '--grace', '0', '--yes'])).stderr).toMatch(/2 things, .*moved to the trash/);
  expect(Object.keys(results(project.path('runs')))).toHaveLength(2);
  expect((await project.retort(['verify'])).code).toBe(0);
  expect((await project.retort(['gc', '--restore'])).stdout).toContain('distil[method=dm');
  expect(results(project.path('runs'))).toEqual(before);

  expect((await project.retort(['gc', '--grace', '0', '--yes'])).code).toBe(0);
  expect((await project.retort(['gc', '--empty-trash'])).stderr).toContain('Nothing was deleted');
  expect((await project.retort(['gc', '--empty-trash', '--yes'])).stderr).toContain('deleted');
  expect(readdirSync(project.path('runs/trash'))).toEqual([]);

  // An experiment that cannot be planned gives nothing away.
  project.write({ 'tiny.yaml': 'version: 1\nname: tiny\nstages: {' });
  expect((await project.retort(['gc', '--grace', '0'])).stdout).toBe('');
  expect((await project.retort(['gc', 'tiny.yaml', '--grace', '0'])).code).toBe(2);
});
