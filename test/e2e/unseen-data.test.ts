/** `plan` for a machine that has the data: it says what there would be to do, and claims nothing that only files can tell. */
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Project } from '../rig/retort.ts';

const YAML = `version: 1
name: not here
data: { set: imagenet-1k }
stages:
  images: { stage: select, method: random, imagesPerClass: 50 }
`;

it('plans what is not on this machine, without keys, and says so', async () => {
  const project = new Project().write({ 'large.yaml': YAML });
  mkdirSync(project.path('data'));
  for (const flags of [[], ['--data', 'data']]) {
    const { code, stdout, stderr } = await project.retort(['plan', 'large.yaml', ...flags]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('ImageNet-1K, not on this machine');
    expect(stdout).toContain('Planned without keys');
    expect(stdout).toContain('1 node: 1 to run, 0 hits.');
  }
  const { stdout } = await project.retort(['plan', 'large.yaml', '--json']);
  const [plan] = JSON.parse(stdout).plans;
  expect(plan.unseen.code).toBe('DATA_NOT_BUNDLED');
  expect(plan.nodes[0]).not.toHaveProperty('key');
  // Whoever runs it needs them.
  const ran = await project.retort(['run', 'large.yaml']);
  expect([ran.code, ran.stdout]).toEqual([2, '']);
});
