/** A first experiment of one's own: a commented file that runs as it stands, with a schema for the editor to complete by. */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { packageRoot } from '../../../base/package-root.ts';
import { stageKinds } from '../../../stages/registry.ts';
import { schemaText } from '../../config/schema-text.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tell, tellUsage } from '../output.ts';
import { shellWord } from '../shell-word.ts';
import { starter } from '../starter.ts';

export async function run(args: Arguments): Promise<number> {
  const [name = ''] = args.operands;
  const file = /\.ya?ml$/.test(name) ? name : `${name}.yaml`;
  if (name.includes('=') || basename(name).startsWith('-')) {
    tellUsage(`Expected a name for the new experiment, got \`${name}\`.`, 'init');
    return EXIT.usage;
  }
  if (existsSync(file)) {
    tell(
      `${file}: There is such a file already; it is left as it is.\n    Choose another name, or move the file away.\n`,
    );
    return EXIT.usage;
  }
  mkdirSync(dirname(resolve(file)), { recursive: true });
  const schema = schemaFor(file);
  const title = basename(file)
    .replace(/\.ya?ml$/, '')
    .replace(/[-_]+/g, ' ');
  // `wx`: whoever was faster keeps theirs.
  writeFileSync(file, starter({ title, file: shellWord(file), schema, stages: stageKinds.map(({ kind }) => kind) }), {
    flag: 'wx',
  });
  print(`${file}\n`);
  tell(
    `It runs as it stands: retort plan ${shellWord(file)}, then retort run ${shellWord(file)}.\nEditors with the YAML language server complete its keys and explain them; \`retort stages KIND\` prints the same.\n`,
  );
  return EXIT.done;
}

/**
 * Path of the schema as the file's first line gives it. That of the package where it lies in the same tree, so that it is
 * always the one of the version in use; else a copy beside the file.
 */
function schemaFor(file: string): string {
  const folder = realpathSync(dirname(resolve(file)));
  const shipped = join(realpathSync(packageRoot()), 'schemas', 'experiment.schema.json');
  const near = nearPackage(folder);
  if (near && existsSync(shipped)) return slashes(relative(folder, near));
  const copy = join(folder, '.retort', 'experiment.schema.json');
  mkdirSync(dirname(copy), { recursive: true });
  if (!existsSync(copy) || readFileSync(copy, 'utf8') !== schemaText()) writeFileSync(copy, schemaText());
  return '.retort/experiment.schema.json';
}

/** The shipped schema where it belongs to the project of the folder: its own checkout, or its `node_modules`. */
function nearPackage(folder: string): string | undefined {
  const root = realpathSync(packageRoot());
  const inside = (inner: string, outer: string) => inner === outer || inner.startsWith(outer + sep);
  const project = root.split(`${sep}node_modules${sep}`)[0] ?? root;
  return inside(folder, project) ? join(root, 'schemas', 'experiment.schema.json') : undefined;
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
