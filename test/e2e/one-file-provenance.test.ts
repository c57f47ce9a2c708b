/**
 * One-file provenance: configuration, keys, environment, code version, seeds and digests in one standard file, from which
 * alone a run is repeated and compared digest by digest.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('One-file provenance: a run is written into one file, run again from it alone, and compared digest by digest', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1, iterations: 2 }) });
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  expect((await project.retort(['export', 'last', '--format', 'prov', '--to', 'run.prov.json'])).code).toBe(0);
  const text = readFileSync(project.path('run.prov.json'), 'utf8');
  const document = JSON.parse(text);
  expect(Object.keys(document).sort()).toEqual(
    ['activity', 'agent', 'entity', 'prefix', 'used', 'wasAssociatedWith', 'wasGeneratedBy'].sort(),
  );
  expect(Object.keys(document.activity)).toHaveLength(4);
  // Nothing but the file is left.
  rmSync(project.path('runs'), { recursive: true });
  rmSync(project.path('tiny.yaml'));

  const same = await project.retort(['reproduce', 'run.prov.json', '--store', 'again', '--reporter', 'silent']);
  expect([same.code, same.stdout]).toEqual([0, '4 nodes of 4 the same, byte for byte.\n']);
  expect((await project.retort(['reproduce', 'run.prov.json', '--store', 'again'])).code).toBe(2);

  // Another digest in the file stands for another machine, or another version.
  const [artifact = ''] = /\\"synthetic\.safetensors\\":\\"[0-9a-f]{64}/.exec(text) ?? [];
  writeFileSync(project.path('other.prov.json'), text.replaceAll(artifact, artifact.replace(/.{4}$/, 'ffff')));
  const reproduced = [
    'reproduce',
    'other.prov.json',
    '--store',
    'again',
    '--continue',
    '--reporter',
    'silent',
    '--json',
  ];
  const other = await project.retort(reproduced);
  expect(other.code).toBe(6);
  const states = JSON.parse(other.stdout).nodes.map(({ state }: { state: string }) => state);
  expect(states.filter((state: string) => state === 'different').length).toBeGreaterThan(0);
  expect(existsSync(project.path('again/runs'))).toBe(true);
});
