/** The commands that look at what has run: the report as one page, the run and its nodes, and readers that close the pipe. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { BINARY, events, Project } from '../rig/retort.ts';

const json = (text: string) => JSON.parse(text);

it('report: one page with the table, its intervals and the pictures, which asks for nothing outside', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 1, sets: 2 }) });
  await project.retort(['run', 'grid.yaml', '--reporter', 'silent']);
  expect((await project.retort(['report', 'last', '-o', 'grid.html'])).code).toBe(0);
  const page = readFileSync(project.path('grid.html'), 'utf8');
  const { rows } = json((await project.retort(['compare', 'last', '--format', 'json'])).stdout).tables[0];
  for (const { summary } of rows) expect(page).toContain((100 * summary.mean).toFixed(2));
  expect(page.match(/<circle cx="[\d.]+" cy="\d+" r="4"/g)).toHaveLength(rows.length);
  expect(page).toMatch(/<img alt="distil\[method=dm,set=1\]: after" src="data:image\/png;base64,iVBOR/);
  expect(page).not.toMatch(/<script|https?:\/\/|src="(?!data:)|href="(?!data:)/);
});

it('ls, status, show, logs and watch of a run that has ended; a reader that closes the pipe is no error', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });
  expect((await project.retort(['status'])).code).toBe(2);
  const ran = events((await project.retort(['run', 'grid.yaml', '--reporter', 'ndjson'])).stdout);
  const run = ran[0]?.run ?? '';
  expect(json((await project.retort(['ls', '--json'])).stdout).runs).toMatchObject([{ run, state: 'done', nodes: 4 }]);
  const status = json((await project.retort(['status', run.slice(0, 12), '--json'])).stdout);
  expect(status).toMatchObject({ schema: 'retort-status/1', run, counts: { done: 4, waiting: 0 } });
  expect((await project.retort(['show', 'last'])).stdout).toContain(`${run}\n`);
  // What the driver kept of its events, and the events themselves, tell the same.
  const looks = () =>
    Promise.all([['status', '--json'], ['status'], ['show', 'last']].map((look) => project.retort(look)));
  const quickly = await looks();
  rmSync(project.path(`runs/runs/${run}/standing.json`));
  expect(await looks()).toEqual(quickly);
  const shown = await project.retort(['show', 'distil[method=dm,set=1]']);
  expect(shown.stdout).toMatch(/\n {2}iterations +1 +grid\.yaml:8\n/);
  const logs = await project.retort(['logs', 'last/distil[method=dm,set=1]', '--follow']);
  expect(logs).toMatchObject({ code: 0 });
  const lines = await project.retort(['logs', 'distil[method=dm,set=1]', '--json']);
  expect(json(lines.stdout)).toMatchObject({ schema: 'retort-log/1', run, attempt: 1, lines: expect.any(Array) });
  const watched = await project.retort(['watch']);
  expect(watched.code).toBe(0);
  expect(watched.stdout).toMatch(/ finished in .*: 4 run, 0 hits\n$/);
  const wrong = await project.retort(['status', 'no-such-run']);
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);

  for (const command of ['plan grid.yaml', 'compare last', 'explain grid.yaml', 'watch last', 'show last']) {
    const pipe = spawn('sh', ['-c', `"${process.execPath}" "${BINARY}" ${command} | head -1`], { cwd: project.folder });
    let errors = '';
    pipe.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    await new Promise((ended) => pipe.on('close', ended));
    expect(errors, command).toBe('');
  }
});

it('`last` is the run that was last at work, also where another began later; a part of a name is enough', async () => {
  const first = tinyExperiment({ iterations: 1, sets: 1 }).replace(/name: .*/, 'name: early bird');
  const later = tinyExperiment({ iterations: 2, sets: 1 }).replace(/name: .*/, 'name: night owl');
  const project = new Project().write({ 'first.yaml': first, 'later.yaml': later });
  await project.retort(['run', 'first.yaml', '--only', 'start*', '--reporter', 'silent']);
  await project.retort(['run', 'later.yaml', '--reporter', 'silent']);
  expect((await project.retort(['status'])).stdout).toContain('night-owl');
  const run = json((await project.retort(['status', 'early-bird', '--json'])).stdout).run;
  // As a run that goes on now writes its next event.
  appendFileSync(project.path(`runs/runs/${run}/events.ndjson`), '\n');
  expect((await project.retort(['status'])).stdout).toContain('early-bird');
  const several = await project.retort(['status', '20']);
  expect([several.code, several.stderr]).toEqual([2, expect.stringContaining('2 runs are named by `20`')]);
});
