/** Where the package lies, whether its code runs from the sources or from `dist/`. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

export function packageRoot(): string {
  if (found !== undefined) return found;
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`Internal error: expected package.json above ${import.meta.dirname}`);
    folder = above;
  }
  found = folder;
  return folder;
}
