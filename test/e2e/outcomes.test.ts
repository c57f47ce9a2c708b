/** How a run ends, as scripts see it: failed cells, damaged stores, several experiments, the table asked for again. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

/** Without times, names of runs, folders and figures, which differ between machines. */
function steady(text: string): string {
  return text
    .replace(/(\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/\d{8}-\d{9}-[\w-]+/g, 'RUN')
    .replace(/\b\d+(\.\d)?s\b/g, 'SECONDS')
    .replace(/\b\d+\.\d+\b/g, 'FIGURE')
    .replace(/\S*\/retort-test-\w+/g, 'PROJECT');
}

it('a failed cell: exit 1, the others are finished and the table says what is missing', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 2, sets: 1 }) });
  // One after the other, in the order of the plan, however many cores there are.
  const { code, stdout, stderr } = await project.retort([
    ...['run', 'tiny.yaml', 'matrix.method.dm.learningRate=1e300', '--concurrency', '1'],
  ]);
  expect(code).toBe(1);
  expect(steady(stdout)).toMatchInlineSnapshot(`
    "
    tiny · Fashion-MNIST, bundled subset (8,000 train, 2,000 test) · convnet (width 4) · onnxruntime

    method  n      accuracy %  sd between  sd within  95 % interval  vs random  95 % interval  p  remark
    random  1 x 1       FIGURE           -          -              -   baseline
    dm      -               -           -          -              -          -              -  -  failed: 0 of 1 evaluations

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    One set has neither an sd between sets nor an interval.
    "
  `);
  expect(`\n${steady(stderr)}`).toMatchInlineSnapshot(`
    "
    TIME starting tiny: 4 nodes, 2 cells
    TIME data: Fashion-MNIST, bundled subset (8,000 train, 2,000 test); backend onnxruntime; run folder PROJECT/runs/runs/RUN
    TIME start[set=1]: started, 1 step
    TIME start[set=1]: done in SECONDS
    TIME score[method=random,set=1,evaluation=1]: started, 2 steps
    TIME score[method=random,set=1,evaluation=1]: done in SECONDS: accuracy FIGURE%, testLoss FIGURE, trainLoss FIGURE
    TIME distil[method=dm,set=1]: started, 2 steps
    TIME distil[method=dm,set=1]: failed: Step 1 of match (dm) gave images that are not finite. (STEP_NOT_FINITE)
    TIME   help: Lower \`learningRate\`. The same command with \`--debug-nan\` names the operation.
    TIME   log: PROJECT/runs/runs/RUN/stages/distil-method-dm-set-1/attempt-1/log.txt
    TIME score[method=dm,set=1,evaluation=1]: not run, since a node it needs failed
    TIME finished with failures in SECONDS: 2 run, 0 hits

    distil[method=dm,set=1] failed: Step 1 of match (dm) gave images that are not finite. (STEP_NOT_FINITE)
      | TIME begins: 2 steps
      log: PROJECT/runs/runs/RUN/stages/distil-method-dm-set-1/attempt-1/log.txt
      alone: retort run tiny.yaml matrix.method.dm.learningRate=1e300 --only 'distil[method=dm,set=1]'

    pictures: runs/runs/RUN/stages/*/images/after.png (1)
    synthetic sets: runs/runs/RUN/stages/*/images/synthetic.safetensors (1)
    4 nodes: 2 run, 0 hits, in SECONDS.
    work done: SECONDS (SECONDS of it for nothing).
    Some nodes failed: the same command tries them again and repeats nothing that is finished.
    "
  `);
});

it('compare prints the table of the run, of its file, and in every format', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 2, sets: 1 }) });
  const ran = await project.retort(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  const [started] = events(ran.stdout);
  const byFile = await project.retort(['compare', 'tiny.yaml']);
  expect(byFile).toMatchObject({ code: 0, stderr: '' });
  expect((await project.retort(['run', 'tiny.yaml'])).stdout.trim()).toBe(byFile.stdout.trim());
  expect((await project.retort(['compare', started?.run ?? ''])).stdout).toBe(byFile.stdout);
  const csv = await project.retort(['compare', 'tiny.yaml', '--metric', 'trainLoss', '--format', 'csv']);
  expect(csv.stdout.split('\n')[1]).toMatch(/^random,score,trainLoss,complete,1,1,1,[\d.]+,/);
  expect((await project.retort(['compare', 'tiny.yaml', '--format', 'md'])).stdout).toContain('| method | n |');
  const wrong = await project.retort(['compare', 'tiny.yaml', '--metric', 'acuracy']);
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toContain('Did you mean `accuracy`?');
});

it('a store of a newer layout, or one that is no store: exit 3, nothing touched', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  mkdirSync(project.path('runs'));
  writeFileSync(project.path('runs/VERSION'), '99\n');
  for (const command of ['run', 'plan', 'compare']) {
    const { code, stdout, stderr } = await project.retort([command, 'tiny.yaml']);
    expect({ command, code, stdout }).toEqual({ command, code: 3, stdout: '' });
    expect(stderr).toContain('99');
  }
  const onFile = await project.retort(['run', 'tiny.yaml', '--store', 'tiny.yaml']);
  expect(onFile.code).toBe(3);
  expect(onFile.stderr).not.toContain('bug');
});

it('several experiments share what they have in common', async () => {
  const project = new Project().write({
    'a.yaml': tinyExperiment({ iterations: 1, sets: 1 }),
    'b.yaml': tinyExperiment({ iterations: 2, sets: 1 }).replace('name: tiny', 'name: other'),
  });
  const { code, stdout } = await project.retort([
    ...['run', 'a.yaml', 'b.yaml', '--reporter', 'ndjson', '--concurrency', '1'],
  ]);
  expect(code).toBe(0);
  expect(events(stdout).filter((event) => event.type === 'run-finished')).toMatchObject([
    { executed: 4, hits: 0 },
    { executed: 2, hits: 2 },
  ]);
  // Processes too: loading a native engine takes longer than many a stage.
  const logs = events(stdout).flatMap(({ type, ...event }) =>
    type === 'node-started' ? [(event as { log?: string }).log ?? ''] : [],
  );
  expect(new Set(logs.map((log) => /process (\d+)/.exec(readFileSync(log, 'utf8'))?.[1])).size).toBe(1);
});
