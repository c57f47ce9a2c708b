/** kill -9 of the driver or of a child at several moments; the same command continues, repeats nothing, gives the same bytes. */
import { beforeAll, expect, it } from 'vitest';
import { results } from '../rig/artifacts.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

const EXPERIMENT = tinyExperiment({ iterations: 40, epochs: 3 });
let undisturbed: Record<string, unknown>;

interface Line {
  readonly type: string;
  readonly node?: string;
  readonly fromStep?: number;
}

function lines(stdout: string): Line[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

beforeAll(async () => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  expect((await project.retort(['run', 'tiny.yaml', '--reporter', 'silent'])).code).toBe(0);
  undisturbed = results(project.path('runs'));
});

const MOMENTS: readonly [string, RegExp][] = [
  ['before the first node is done', /"type":"node-started"/],
  ['in the middle of matching', /"node":"distil\[[^\]]*dm[^\]]*\]","step":1\d,/],
  ['when a first synthetic set is done', /"type":"node-done","node":"distil|"type":"node-done"[^}]*distil/],
  ['in an evaluation', /"type":"node-started"[^}]*"node":"score/],
];

it.each(MOMENTS)('driver killed %s', async (_, moment) => {
  const project = new Project().write({ 'tiny.yaml': EXPERIMENT });
  const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  await running.until(moment);
  const killed = await running.kill('SIGKILL');
  const finished = lines(killed.stdout)
    .filter((line) => line.type === 'node-done')
    .map((line) => line.node);

  const again = await project.retort(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  expect(again.code).toBe(0);
  const started = lines(again.stdout)
    .filter((line) => line.type === 'node-started')
    .map((line) => line.node);
  expect(started.filter((node) => finished.includes(node))).toEqual([]);
  expect(results(project.path('runs'))).toEqual(undisturbed);
});
