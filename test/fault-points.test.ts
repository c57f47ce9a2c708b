/**
 * Whatever changes a file of the store has a named fault point behind it: the calls are found in the source, so a new one
 * without a point fails here. Between such a call and the next one of the same file a point must stand, or the call
 * is an exception below, with its reason. That each point is killed at: `engine/store/faults.test.ts` for those of a run,
 * `kill-anywhere-commit-points.test.ts` for the rest.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { everyFaultPoint } from '../engine/store/faults.ts';

const FOLDERS = ['engine/store', 'engine/run', 'engine/executors', 'engine/export'];

/** Folders that are made do no harm empty, so `mkdir -p` is none of them; `writeDurably` has the points of its `as`. */
const CHANGE =
  /\b(?:writeFileSync|writeSync|appendFileSync|renameSync|linkSync|symlinkSync|copyFileSync|cpSync|truncateSync|unlinkSync|rmSync|rmdirSync|utimesSync|createWriteStream|writeFile|appendFile|rename|link|unlink|rm)\((?!\s*\n?\s*\))/;
const POINT = /\bfault\((['`])/;

/** File, a part of the line, and why a kill behind it leaves nothing that another kill does not. */
const EXCEPTIONS: readonly (readonly [file: string, line: string, why: string])[] = [
  ['engine/store/durable.ts', 'linkSync(from, to)', 'the name is given: `-renamed` follows in `commit`'],
  ['engine/store/durable.ts', 'renameSync(from, to)', 'the name is given: `-renamed` follows in `commit`'],
  ['engine/store/durable.ts', 'rmSync(from, { force: true })', 'a second name under tmp/, never read'],
  ['engine/store/durable.ts', 'rmSync(beside, { force: true })', 'a file under tmp/, never read'],
  ['engine/store/durable.ts', 'writeSync(file, bytes, done)', 'halves and whole have points in `writeSynced`'],
  ['engine/store/hint-files.ts', 'rmSync(path, { force: true })', 'a file under tmp/, never read'],
  ['engine/store/heartbeat.ts', "writeSync(file, '.', 0)", 'one byte over an equal one'],
  ['engine/store/event-log.ts', 'writeSync(file, line', 'a line whole: `event-half-written` stands within it'],
  ['engine/store/publish.ts', 'linkSync(object, path)', '`artifact-linked` follows in `publishArtifacts`'],
  ['engine/store/objects.ts', 'utimesSync(path, now, now)', 'changes a time, no byte'],
  ['engine/store/leases.ts', 'rmSync(built, { recursive: true, force: true })', 'a folder under tmp/, never read'],
  ['engine/executors/attempt/log.ts', 'appendFileSync(', 'a log for people, read by nothing'],
  ['engine/executors/local/child-handle.ts', 'appendFileSync(', 'a log for people, read by nothing'],
  ['engine/store/faults.ts', "writeFileSync(file, '')", 'a file of the test that makes a process wait at a point'],
  ['engine/executors/attempt/usage.ts', "writeFileSync('/proc/self/clear_refs'", 'no file of the store'],
];

function sources(): { file: string; lines: string[] }[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('rehearsal.ts'))
      .map((name) => join(folder, name))
      .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n') })),
  );
}

const isCode = (line: string) => !/^\s*(?:\*|\/\/|\/\*|import\b)/.test(line) && !/^\s*function /.test(line);

it('every change to a file of the store is followed by a named point, before the next change', () => {
  const without: string[] = [];
  let changes = 0;
  for (const { file, lines } of sources())
    for (const [index, line] of lines.entries()) {
      if (!isCode(line) || !CHANGE.test(line)) continue;
      changes++;
      if (EXCEPTIONS.some(([where, part]) => where === file && line.includes(part))) continue;
      const next = lines.findIndex((other, at) => at > index && isCode(other) && CHANGE.test(other));
      // A change may be the last thing of several branches: the point behind all of them counts for each.
      const until = next < 0 ? lines.length : next;
      const sharing = lines.slice(index, until).some((other) => POINT.test(other));
      const inBranch = /^\s*(?:\} catch|copyFileSync)/.test(lines[index + 1] ?? '') && next > 0;
      if (
        !sharing &&
        !(
          inBranch &&
          lines
            .slice(next)
            .slice(0, 4)
            .some((other) => POINT.test(other))
        )
      )
        without.push(`${file}:${index + 1}: ${line.trim()}`);
    }
  expect(without).toEqual([]);
  expect(changes).toBeGreaterThan(25);
});

it('every exception still stands in the source', () => {
  const texts = new Map(sources().map(({ file, lines }) => [file, lines.join('\n')]));
  expect(EXCEPTIONS.filter(([file, line]) => !texts.get(file)?.includes(line))).toEqual([]);
});

it('every named point is passed somewhere, and every point passed is named', () => {
  const text = sources()
    .map(({ lines }) => lines.join('\n'))
    .join('\n');
  const passed = [...text.matchAll(/\bfault\('([a-z-]+)'\)/g)].map(([, name]) => name ?? '');
  const files = [...text.matchAll(/\bas: '([a-z-]+)'|'(run-file|probe)'/g)].map(([, as, built]) => as ?? built ?? '');
  const covered = (point: string) => passed.includes(point) || files.some((file) => point.startsWith(`${file}-`));
  expect(everyFaultPoint.filter((point) => !covered(point))).toEqual([]);
  expect(passed.filter((point) => !everyFaultPoint.some((known) => known === point))).toEqual([]);
});

it('what is written as a hint names its points, and the file of each has both', () => {
  const hints = sources().flatMap(({ lines }) => [
    ...lines.join('\n').matchAll(/\bwriteHint\([^;]*? as: '([a-z-]+)'/g),
  ]);
  const named = hints.map(([, as]) => as ?? '');
  expect(named.sort()).toEqual(['data-checked', 'data-digests', 'pointer', 'standing']);
  const steps = named.flatMap((as) => [`${as}-written`, `${as}-renamed`]);
  expect(steps.filter((step) => !everyFaultPoint.some((known) => known === step))).toEqual([]);
});

it('what is written durably names its points: `as` is required', () => {
  const calls = sources()
    .filter(({ file }) => file !== 'engine/store/durable.ts')
    .flatMap(({ file, lines }) =>
      [...lines.join('\n').matchAll(/\bwriteDurably(?:IfAbsent)?\(([^;]*?)\);/g)].map(([call]) => ({ file, call })),
    );
  expect(calls.length).toBeGreaterThan(8);
  const unnamed = calls.filter(({ call }) => !/as: '|, options\)/.test(call));
  expect(unnamed).toEqual([]);
});
