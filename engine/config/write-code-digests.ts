/** The last step of the build: the digest of the compiled code of every stage kind, with all that it imports. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { packageRoot } from '../../base/package-root.ts';
import { DIGESTS_FILE } from '../store/code-digests.ts';

const IMPORTED = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+\.js)['"]/g;

/** Files of the package that a module loads, itself among them. */
function withImports(module: string, found = new Set<string>()): Set<string> {
  if (found.has(module) || !existsSync(module)) return found;
  found.add(module);
  for (const [, path = ''] of readFileSync(module, 'utf8').matchAll(IMPORTED))
    withImports(resolve(dirname(module), path), found);
  return found;
}

function digestOf(root: string, module: string): string {
  const files = [...withImports(module)].map((file) => [relative(root, file), sha256(readFileSync(file))]);
  return sha256(JSON.stringify(files.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))));
}

const root = join(packageRoot(), 'dist');
const stages = join(root, 'stages');
const kinds = readdirSync(stages).filter((kind) => existsSync(join(stages, kind, 'index.js')));
const digests = kinds.map((kind) => [kind, digestOf(root, join(stages, kind, 'index.js'))]);
writeFileSync(join(packageRoot(), DIGESTS_FILE), `${JSON.stringify(Object.fromEntries(digests), null, 2)}\n`);
