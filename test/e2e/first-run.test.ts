/** From a YAML to a table: run, run again, and what lies on disk afterwards. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keyFiles, results } from '../rig/artifacts.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

/** The result table alone: it is the last thing on stdout, and equal for equal results. */
function table(stdout: string): string {
  return stdout.slice(stdout.indexOf('method'));
}

it('runs an experiment, prints the table, and the second run is all hits with the same table', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });

  const first = await project.retort(['run', 'tiny.yaml']);
  expect(first.stderr + first.stdout).toContain('dm');
  expect(first.code).toBe(0);
  expect(table(first.stdout)).toMatch(/random.*\n.*dm/s);
  expect(first.stdout).toContain('bundled subset');

  const before = results(project.path('runs'));
  const second = await project.retort(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  expect(second.code).toBe(0);
  const seen = events(second.stdout);
  expect(seen.filter((event) => event.type === 'node-started')).toEqual([]);
  expect(seen.find((event) => event.type === 'run-finished')?.executed).toBe(0);
  expect(results(project.path('runs'))).toEqual(before);

  const third = await project.retort(['run', 'tiny.yaml']);
  expect(table(third.stdout)).toBe(table(first.stdout));
});

it('shares one node between the cells: set k of random is the start of set k of dm', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 1 }) });
  expect((await project.retort(['run', 'tiny.yaml'])).code).toBe(0);
  const stages = [...keyFiles(project.path('runs')).values()].map((file) => file.manifest.stage).sort();
  expect(stages).toEqual(['evaluate', 'evaluate', 'evaluate', 'evaluate', 'match', 'match', 'select', 'select']);
});

it('leaves pictures and synthetic sets where a person finds them', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });
  expect((await project.retort(['run', 'tiny.yaml'])).code).toBe(0);
  const runs = readdirSync(project.path('runs/runs'));
  expect(runs).toHaveLength(1);
  const files = readdirSync(project.path(join('runs/runs', runs[0]!)), { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file.endsWith('synthetic.safetensors')).length).toBeGreaterThan(0);
  const picture = files.find((file) => file.endsWith('after.png'));
  expect(picture).toBeDefined();
  const path = project.path(join('runs/runs', runs[0]!, picture!));
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG');
});
