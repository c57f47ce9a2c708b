/**
 * `--events`: every event as a line of JSON into a file, beside whatever a reporter shows; or `ndjson`, on stdout. A place that
 * cannot be written is told before anything starts. What goes wrong with it later never touches the run, whose own events
 * are in its folder: it is told once, at the end.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { fail, ok, type Result } from '../../base/result.ts';
import type { Reporter } from '../events.ts';
import { ndjsonReporter } from '../report/ndjson.ts';
import { silentReporter } from '../report/silent.ts';
import { print, tell } from './output.ts';
import type { ReporterName } from './reporter.ts';

export const ON_STDOUT = 'ndjson';

/** Bytes: what a file system gives at once. */
const BLOCK = 4096;

/** Says it as a person would; other codes speak for themselves. */
const SAYS: Readonly<Record<string, string>> = {
  EACCES: 'it may not be written by this user',
  EPERM: 'it may not be written by this user',
  EROFS: 'it lies on a read-only file system',
  ENOSPC: 'it lies on a full disk',
  EDQUOT: 'this user is over the quota there',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'there is a file where its folder should be',
  EISDIR: 'it is a folder',
};

/** Of `--events`, beside the reporter of this name; one that does nothing without the flag. What stands in the file is replaced. */
export function eventsReporter(where: string | undefined, shown: ReporterName): Result<Reporter> {
  if (where === undefined || (where === ON_STDOUT && shown === 'ndjson')) return ok(silentReporter());
  if (where === ON_STDOUT) return ok(ndjsonReporter({ write: print }));
  let file: number | undefined;
  try {
    file = openSync(where, 'w');
    makeSureOfRoom(file);
    return ok(fileReporter(file, where));
  } catch (error) {
    if (file !== undefined) closeSync(file);
    return fail('EVENTS_UNWRITABLE', `The events cannot be written there: ${reason(error)}.`, {
      place: where,
      help: 'Name another file with `--events FILE`; without it the run keeps its events in its own folder.',
    });
  }
}

/** A disk that is full lets a file be made, and nothing be written into it. Pipes and devices hold nothing. */
function makeSureOfRoom(file: number): void {
  if (!fstatSync(file).isFile()) return;
  writeAll(file, ' '.repeat(BLOCK));
  fsyncSync(file);
  ftruncateSync(file, 0);
}

function fileReporter(file: number, where: string): Reporter {
  let failed: string | undefined;
  let place = 0;
  const isFile = fstatSync(file).isFile();
  const lines = ndjsonReporter({
    write(line: string) {
      if (failed !== undefined) return;
      try {
        place += writeAll(file, line, isFile ? place : null);
      } catch (error) {
        failed = reason(error);
        // Half a line is no event.
        if (isFile) ftruncateSync(file, place);
      }
    },
  });
  return {
    onEvent: lines.onEvent,
    close() {
      closeSync(file);
      if (failed !== undefined)
        tell(`${where}: Events are missing at its end: ${failed}. All of them are in the folder of the run.\n`);
    },
  };
}

/** At the file's own place where `from` is `null`. */
function writeAll(file: number, text: string, from: number | null = 0): number {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, from === null ? null : from + done);
  return bytes.length;
}

function reason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return code in SAYS ? `${SAYS[code]} (${code})` : message;
}
