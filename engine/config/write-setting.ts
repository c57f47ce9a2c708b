/**
 * One setting written into a `retort.config.yaml`, everything else of the file as it was: comments, order, quotes. The
 * file is replaced as a whole, so that nobody reads half of it.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../base/result.ts';

/** Whether the file had to be changed. */
export function writeSetting(path: string, key: string, value: string): Result<boolean> {
  try {
    const document = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : '');
    if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)))
      return fail(
        'SETTINGS_INVALID',
        `The file is no map of settings: ${document.errors[0]?.message ?? 'other YAML'}`,
        {
          place: path,
          help: `Write \`${key}: ${value}\` into it yourself.`,
        },
      );
    if (document.get(key) === value) return ok(false);
    document.set(key, value);
    replace(path, String(document));
    return ok(true);
  } catch (error) {
    return fail('SETTINGS_UNWRITABLE', `The file cannot be written: ${(error as Error).message}`, { place: path });
  }
}

function replace(path: string, text: string): void {
  const beside = `${path}.${process.pid}`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}
