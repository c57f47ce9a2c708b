/**
 * The other peer: a DVC stage for each file, all from one `foreach`, in a Git repository of their own. Its `repro` runs one
 * stage after the other: it has no workers.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Whole } from './process.ts';
import { runTool } from './python-tool.ts';

/** Nothing of it has been made. */
export async function dvcProject(parent: string, stages: number): Promise<string> {
  // Neither says anything about the work, and both would ask the network in the background.
  process.env.DVC_NO_ANALYTICS = '1';
  const folder = mkdtempSync(join(parent, `dvc-${stages}-`));
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  await runTool('dvc', ['init', '--quiet'], folder);
  writeFileSync(join(folder, '.dvc/config'), '[core]\n    analytics = false\n    check_update = false\n');
  writeFileSync(
    join(folder, 'dvc.yaml'),
    `stages:
  one:
    foreach: [${Array.from({ length: stages }, (_, i) => i).join(', ')}]
    do:
      cmd: echo \${item} > out/\${item}.txt
      outs: ['out/\${item}.txt']
`,
  );
  mkdirSync(join(folder, 'out'));
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
  execFileSync('git', ['add', '--all'], { cwd: folder });
  execFileSync('git', [...identity, 'commit', '--quiet', '--message', 'stages'], { cwd: folder });
  return folder;
}

export function reproduce(folder: string): Promise<Whole> {
  return runTool('dvc', ['repro'], folder);
}
