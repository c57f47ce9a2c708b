/**
 * Code is no part of a key: a hit that other code of the same stage version has made stays a hit, and `plan` says so.
 * `--rerun-on code` makes it again under a key of its own, so that both results stay.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project, ROOT } from '../rig/retort.ts';

const digests = JSON.parse(readFileSync(join(ROOT, 'dist/code-digests.json'), 'utf8'));

/** The records of a stage kind, by their paths. */
function recordsOf(project: Project, stage: string) {
  const paths = readdirSync(project.path('runs/keys'), { recursive: true })
    .filter((name) => /\.json$/.test(`${name}`))
    .map((name) => join(project.path('runs/keys'), `${name}`));
  return paths.flatMap((path) => {
    const record = JSON.parse(readFileSync(path, 'utf8'));
    return record.manifest.stage === stage ? [{ path, record }] : [];
  });
}

const planOf = async (project: Project, ...more: string[]) =>
  JSON.parse((await project.retort(['plan', 'tiny.yaml', ...more, '--json'])).stdout).plans[0];

it('a hit made by other code of the same version is said', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1 }) });
  expect((await project.retort(['run', 'tiny.yaml', '--only', 'start', '--reporter', 'silent'])).code).toBe(0);
  const [{ path, record } = { path: '', record: undefined }] = recordsOf(project, 'select');
  expect(record.code).toBe(digests.select);
  expect(digests.select).not.toBe(digests.evaluate);
  expect((await project.retort(['plan', 'tiny.yaml'])).stdout).not.toContain('The code of');

  writeFileSync(path, JSON.stringify({ ...record, code: 'f'.repeat(64) }));
  const { stdout } = await project.retort(['plan', 'tiny.yaml']);
  expect(stdout).toContain(
    '\nThe code of select has changed since 1 hit, not its version: the results should be the same; `--rerun-on code` makes them again.\n',
  );
  const { nodes } = await planOf(project);
  expect(nodes.filter(({ otherCode }: { otherCode?: true }) => otherCode)).toMatchObject([{ state: 'hit' }]);
});

it('--rerun-on code makes it again beside the old result, and nothing below it where the bytes are the same', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ sets: 1 }) });
  await project.retort(['run', 'tiny.yaml', '--reporter', 'silent']);
  const [{ path, record } = { path: '', record: undefined }] = recordsOf(project, 'select');
  for (const made of [...recordsOf(project, 'select'), ...recordsOf(project, 'match')])
    writeFileSync(made.path, JSON.stringify({ ...made.record, code: 'f'.repeat(64) }));

  const planned = (await project.retort(['plan', 'tiny.yaml', '--rerun-on', 'code'])).stdout;
  expect(planned).toMatch(/\nstart\[set=1\] .* to run: code of stage select has changed\n/);
  expect(planned).toMatch(/\ndistil\[method=dm,set=1\] .* to run: start\[set=1\]: code of stage select has changed\n/);
  const run = () => project.retort(['run', 'tiny.yaml', '--rerun-on', 'code', '--reporter', 'ndjson']);
  const first = events((await run()).stdout);
  const nodesOf = (type: string) => first.flatMap((event) => (event.type === type ? [event.node] : []));
  // What other code made of the same bytes is not taken over.
  expect(nodesOf('node-done')).toEqual(['start[set=1]', 'distil[method=dm,set=1]']);
  expect(nodesOf('node-cut-off')).toHaveLength(2);
  expect(events((await run()).stdout).at(-1)).toMatchObject({ type: 'run-finished', executed: 0, hits: 4 });

  // Both stand, and without the flag the old one is meant, now confirmed.
  const both = recordsOf(project, 'select').map(({ record: { key, manifest, code } }) => [key, manifest.code, code]);
  expect(both).toHaveLength(2);
  expect(both).toContainEqual([record.key, undefined, 'f'.repeat(64)]);
  expect(both.find(([key]) => key !== record.key)?.slice(1)).toEqual([digests.select, digests.select]);
  expect((await planOf(project)).nodes[0]).toMatchObject({ key: record.key, state: 'hit', remade: 'same' });
  expect((await project.retort(['plan', 'tiny.yaml'])).stdout).toContain(
    '\nMade again by the present code of select, match, with the same bytes: 2 hits.\n',
  );

  // Had the old code come to something else, that would be no conflict, and would be said.
  writeFileSync(path, JSON.stringify({ ...record, code: 'f'.repeat(64), steps: record.steps + 1 }));
  expect((await planOf(project)).nodes[0]).toMatchObject({ key: record.key, state: 'hit', remade: 'different' });
  const compared = await project.retort(['compare', 'tiny.yaml']);
  expect(compared.stderr).toContain('The present code made other results of 1 node of tiny.yaml;');
  expect((await project.retort(['compare', 'tiny.yaml', '--rerun-on', 'code'])).stderr).toBe('');
});
