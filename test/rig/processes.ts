/** Processes that another one has started, by id. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export function childrenOf(parent: number | undefined): number[] {
  // Slim containers have no `ps`.
  const all = existsSync('/proc/self/stat') ? fromProc() : fromPs();
  return all.flatMap(([pid, itsParent]) => (itsParent === parent ? [pid] : []));
}

type Parented = readonly [pid: number, parent: number];

function fromProc(): Parented[] {
  return readdirSync('/proc').flatMap((name): Parented[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      // Behind the program's name in parentheses, which may hold anything: state, parent.
      return [[Number(name), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])]];
    } catch {
      // Gone meanwhile.
      return [];
    }
  });
}

function fromPs(): Parented[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as unknown as Parented);
}
