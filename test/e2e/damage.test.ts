/** A store that was damaged behind our back: no result is made from bytes that are not what was stored. */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('an upstream object with one byte changed fails the node that reads it, by name', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  const keys = project.path('runs/keys');
  for (const name of readdirSync(keys, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  )) {
    const path = join(keys, name);
    const { manifest, artifacts } = JSON.parse(readFileSync(path, 'utf8'));
    if (manifest.stage !== 'select') rmSync(path);
    else {
      const { sha256 } = artifacts.images['synthetic.safetensors'];
      const object = project.path(join('runs/objects', sha256.slice(0, 2), sha256));
      const bytes = readFileSync(object);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      chmodSync(object, 0o644);
      writeFileSync(object, bytes);
    }
  }
  const again = await project.retort(['run', 'tiny.yaml', '--reporter', 'plain']);
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/distil\[method=dm\S*: failed: .*OBJECT_DAMAGED/);
  expect(
    readdirSync(keys, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json')),
  ).toHaveLength(1);
});

it('a run whose record is torn is left out, named by verify, put aside by --repair, and made again from its results', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  const [run = ''] = readdirSync(project.path('runs/runs'));
  const torn = (name: string) => {
    const path = project.path(join('runs/runs', run, name));
    writeFileSync(path, readFileSync(path).subarray(0, 40));
  };
  torn('run.json');
  expect((await project.retort(['ls'])).stderr).toContain('1 run with no readable run.json left out');
  expect((await project.retort(['status'])).code).toBe(3);
  torn('plan.json');
  const shown = await project.retort(['show', 'last']);
  expect([shown.code, shown.stderr]).toEqual([3, expect.stringContaining('is not readable')]);
  expect((await project.retort(['verify'])).stdout).toContain('verify --repair` puts the run aside');
  expect((await project.retort(['verify', '--repair'])).code).toBe(3);
  expect(readdirSync(project.path('runs/runs'))).toEqual([]);
  expect((await project.retort(['run', 'tiny.yaml'])).stderr).toContain('0 run, 4 hits');
  expect(await project.retort(['verify'])).toMatchObject({ code: 0 });
});
