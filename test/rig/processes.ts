/** Processes that another one has started, by id. */
import { execFileSync } from 'node:child_process';

export function childrenOf(parent: number | undefined): number[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, itsParent]) => (pid !== undefined && itsParent === parent ? [pid] : []));
}
