/** The experiment file that somebody means who has written its name without its ending, or nearly right. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nearest } from './nearest.ts';

const ENDING = /\.ya?ml$/i;

export function nearFile(name: string): string | undefined {
  const folder = dirname(name);
  const files = experimentsIn(folder);
  const wanted = basename(name).replace(ENDING, '');
  const stem = (file: string) => file.replace(ENDING, '');
  const near = () => nearest(wanted, files.map(stem));
  const found =
    files.find((file) => stem(file) === wanted) ??
    files.find((file) => stem(file) === near()) ??
    nearest(basename(name), files);
  return found === undefined ? undefined : join(folder, found);
}

function experimentsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && ENDING.test(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch {
    // There is no such folder.
    return [];
  }
}
