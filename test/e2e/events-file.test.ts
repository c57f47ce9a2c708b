/** `--events`: the events of a run as lines of JSON in a file, beside what people see; a place that cannot be written starts nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

vi.setConfig({ testTimeout: 180_000 });

const EXPERIMENT = tinyExperiment({ iterations: 1, sets: 1 });

interface Line {
  readonly schema: string;
  readonly type: string;
  readonly at: string;
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

it('into a file: every event with its schema, beside the table; with `ndjson` the same on stdout, without it', async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT, 'events.ndjson': 'what was there' });
  const ran = await project.retort(['run', 'tiny.yaml', '--events', 'events.ndjson']);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/method +n/);
  expect(ran.stderr).toContain('started');
  const lines = linesOf(readFileSync(project.path('events.ndjson'), 'utf8'));
  expect(new Set(lines.map(({ schema }) => schema))).toEqual(new Set(['retort-events/1']));
  expect([lines[0]?.type, lines.at(-1)?.type]).toEqual(['run-started', 'run-finished']);
  expect(lines.filter(({ type }) => type === 'node-done')).toHaveLength(4);
  expect(lines.every(({ at }) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at))).toBe(true);

  const again = await project.retort(['run', 'tiny.yaml', '--events', 'ndjson']);
  expect(linesOf(again.stdout).map(({ type }) => type)).toContain('node-hit');
  expect(again.stderr).toContain('4 hits');
  // Asked for twice, told once.
  const once = await project.retort(['run', 'tiny.yaml', '--events', 'ndjson', '--reporter', 'ndjson']);
  expect(linesOf(once.stdout).filter(({ type }) => type === 'run-started')).toHaveLength(1);
});

it('a place that cannot be written: exit 2, what is wrong and what to do, and no store is made', async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT, 'full/.keep': '' });
  const places: [string, string][] = [
    ['nowhere/events.ndjson', 'its folder does not exist (ENOENT)'],
    ['full', 'it is a folder (EISDIR)'],
    ['tiny.yaml/events.ndjson', 'there is a file where its folder should be (ENOTDIR)'],
  ];
  const disk = project.path('disk');
  mkdirSync(disk);
  // Not everywhere may disks be mounted.
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0) {
    onTestFinished(() => {
      execFileSync('umount', ['-l', disk]);
    });
    writeFileSync(join(disk, 'filler'), Buffer.alloc(64 * 1024));
    places.push(['disk/events.ndjson', 'it lies on a full disk (ENOSPC)']);
  }
  for (const [place, why] of places) {
    const { code, stdout, stderr } = await project.retort(['run', 'tiny.yaml', '--events', place]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `${place}: The events cannot be written there: ${why}.\n    Name another file with \`--events FILE\`; without it the run keeps its events in its own folder.\n`,
    );
  }
  expect(existsSync(project.path('runs'))).toBe(false);
});

it('a disk that fills up later: the run goes on, and what is missing is told at its end', async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  const disk = project.path('disk');
  mkdirSync(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) return;
  onTestFinished(() => {
    execFileSync('umount', ['-l', disk]);
  });
  // Room for the trial, and not for the plan that the first event holds.
  writeFileSync(join(disk, 'filler'), Buffer.alloc(60 * 1024));
  const { code, stderr } = await project.retort(['run', 'tiny.yaml', '--events', 'disk/events.ndjson']);
  expect(code).toBe(0);
  expect(stderr).toContain('disk/events.ndjson: Events are missing at its end: it lies on a full disk (ENOSPC).');
  // No half line.
  linesOf(readFileSync(join(disk, 'events.ndjson'), 'utf8'));
});
