/**
 * Explain, plan with price, semantic grid diff, two kinds of seed: what `engine-anchors` lists as 3 to 6 of what no other
 * engine has, through the real binary; and the commands that look, on a pipe that closes.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { BINARY, events, Project } from '../rig/retort.ts';

vi.setConfig({ testTimeout: 180_000 });

const json = (text: string) => JSON.parse(text);

it('explain, price, diff and the two kinds of seed, over the life of one grid', async () => {
  const project = new Project().write({ 'grid.yaml': tinyExperiment({ iterations: 2, sets: 1 }) });

  // 4. Plan with price: without history it says so and names no price.
  const blind = await project.retort(['plan', 'grid.yaml']);
  expect(blind.stdout).toContain(
    '4 nodes: 4 to run, 0 hits.\nNo history for 4 nodes (select, evaluate, match): no price.',
  );

  // 3. Explain: the first of its kind.
  const first = await project.retort(['explain', 'grid.yaml', 'distil*', '--json']);
  expect(json(first.stdout)).toMatchObject({
    schema: 'retort-explain/1',
    nodes: [{ state: 'to run', because: { why: 'first', stage: 'match' } }],
  });

  const ran = await project.retort(['run', 'grid.yaml', '--reporter', 'ndjson']);
  const planned = json((await project.retort(['plan', 'grid.yaml', '--json'])).stdout).plans[0];
  const executed = events(ran.stdout).filter(({ type }) => type === 'node-done');
  // Plan and run agree.
  expect(executed.map(({ node }) => node).sort()).toEqual(planned.nodes.map(({ id }: { id: string }) => id).sort());
  expect(planned.price).toMatchObject({ estimated: 0, withoutHistory: 0 });
  expect(planned.price.savedSeconds).toBeGreaterThan(0);

  // The file moves on: more iterations for one method, one more set.
  project.write({ 'grid.yaml': tinyExperiment({ iterations: 4, sets: 2 }) });
  const explained = await project.retort(['explain', 'grid.yaml', 'score[method=dm,set=1*']);
  expect(explained.stdout).toMatch(
    /^score\[method=dm,set=1,evaluation=1\]: to run\n {2}nearest earlier result: score\[method=dm,.*\] of run \S+\n {4}distil\[method=dm,set=1\]: iterations 2 → 4\n {2}everything else is equal\n$/,
  );
  const plan = await project.retort(['plan', 'grid.yaml']);
  // The same words in the plan.
  expect(plan.stdout).toMatch(/score\[method=dm,set=1,evaluation=1\] .*~[\d.]+s +to run: .*iterations 2 → 4\n/);
  expect(plan.stdout).toMatch(/start\[set=2\] .*to run: set 1 → 2\n/);
  expect(plan.stdout).toMatch(/\nAbout [\d.]+s.* of work.*on disk\.\n/);
  const values = await project.retort(['plan', 'grid.yaml', '--values', 'stages.score.epochs=3']);
  expect(values.stdout).toMatch(/\n {2}epochs +3 +command line \(stages\.score\.epochs=3\)\n/);
  expect(values.stdout).toMatch(/\n {2}iterations +4 +grid\.yaml:8/);

  // 5. Semantic grid diff: the run against the file that has moved on, then two slices.
  const moved = await project.retort(['diff', 'last', 'grid.yaml', '--exit-code']);
  expect(moved.code).toBe(6);
  expect(moved.stdout).toMatch(/distil\.iterations +2 +4 +method=dm/);
  await project.retort(['run', 'grid.yaml', '--reporter', 'silent']);
  const slices = await project.retort(['diff', 'last:method=random', 'last:method=dm', '--format', 'json']);
  const diff = json(slices.stdout);
  expect(diff.results).toMatchObject([{ difference: { method: 'paired', n: 2, smallestP: 0.5 } }]);
  expect(diff.notes.join(' ')).toContain('With n = 2 pairs p cannot be below 0.5: it cannot reach p < 0.05.');
  const same = await project.retort(['diff', 'grid.yaml', 'last', '--exit-code']);
  expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('Nothing differs.')]);

  // 6. Two kinds of seed: evaluations of one set raise no n, and say why.
  const repeated = ['grid.yaml', 'replicates.sets=1', 'replicates.evaluations=3'];
  await project.retort(['run', ...repeated, '--reporter', 'silent']);
  const table = await project.retort(['compare', ...repeated]);
  expect(table.stdout).toMatch(/\nrandom +1 x 3 +[\d.]+ +- +[\d.]+ +- /);
  expect(table.stdout).toContain('Pseudo-replication: 3 evaluations of one synthetic set are one draw of the method');
});

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
  const shown = await project.retort(['show', 'distil[method=dm,set=1]']);
  expect(shown.stdout).toMatch(/\n {2}iterations +1 +grid\.yaml:8\n/);
  const logs = await project.retort(['logs', 'last/distil[method=dm,set=1]', '--follow']);
  expect(logs).toMatchObject({ code: 0 });
  const lines = await project.retort(['logs', 'distil[method=dm,set=1]', '--json']);
  expect(json(lines.stdout)).toMatchObject({ schema: 'retort-log/1', run, attempt: 1, lines: expect.any(Array) });
  const watched = await project.retort(['watch']);
  expect(watched.code).toBe(0);
  expect(watched.stdout).toMatch(/ finished in .*: 4 run, 0 hits\n$/);
  const wrong = await project.retort(['status', '2001']);
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);

  for (const command of ['plan grid.yaml', 'compare last', 'explain grid.yaml', 'watch last', 'show last']) {
    const pipe = spawn('sh', ['-c', `"${process.execPath}" "${BINARY}" ${command} | head -1`], { cwd: project.folder });
    let errors = '';
    pipe.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    await new Promise((ended) => pipe.on('close', ended));
    expect(errors, command).toBe('');
  }
});
