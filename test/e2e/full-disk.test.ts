/** A disk that fills up under a run: exit 3 wherever it is met, nothing half-written believed, and the same command continues. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { results } from '../rig/artifacts.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

const EXPERIMENT = tinyExperiment({ iterations: 4, sets: 1 });

/** A store on a disk of its own; undefined where disks may not be mounted. */
function smallDisk(project: Project, size: string): string | undefined {
  const folder = project.path('disk');
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status !== 0) return undefined;
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
  });
  return folder;
}

const NOT_MOUNTED = 'disks may not be mounted here';

describe('a small disk (root may mount one)', () => {
  // Full at different moments: at the start, in the driver's own files, in the objects and checkpoints of a child.
  it.for([0, 40, 120, 250])('with %i KiB left: exit 3, and the same command continues', async (left, { skip }) => {
    const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
    const disk = smallDisk(project, '2m');
    if (!disk) return skip(NOT_MOUNTED);
    const run = ['run', 'tiny.yaml', '--store', 'disk/store'];
    const filler = join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(2 * 1024 ** 2 - left * 1024));
    const full = await project.retort(run);
    expect([full.code, full.stderr.includes('bug')]).toEqual([3, false]);
    expect(full.stderr).toContain('full disk');
    rmSync(filler);
    expect((await project.retort(run)).code).toBe(0);
    expect(results(join(disk, 'store'))).toEqual(await undisturbed());
    expect(readdirSync(join(disk, 'store/checkpoints'))).toEqual([]);
  });

  it('a stage that asks for more than is free is refused before anything starts', async ({ skip }) => {
    const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
    skip(!smallDisk(project, '3m'), NOT_MOUNTED);
    const { code, stderr } = await project.retort([
      ...['run', 'tiny.yaml', '--store', 'disk/store', '+stages.distil.resources.disk=50MiB'],
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/start\[set=1\] needs 50 MiB of free disk; the disk of the store has [\d.]+ MiB/);
    expect(readdirSync(project.path('disk/store/runs'))).toEqual([]);
  });
});

let whole: Promise<Record<string, unknown>> | undefined;

function undisturbed(): Promise<Record<string, unknown>> {
  whole ??= (async () => {
    const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
    expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
    return results(project.path('runs'));
  })();
  return whole;
}
