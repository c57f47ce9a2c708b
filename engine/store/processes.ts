/**
 * Which process this is, so that another can tell whether it still lives: a process id alone comes back after a while.
 * Two processes can see each other when they share a boot and a table of processes (containers do not).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  /** For people to read; identity is `machine`. */
  readonly host: string;
  /** Boot and process table. */
  readonly machine: string;
  readonly pid: number;
  /** As the system writes it, in whatever unit; empty where it does not tell. */
  readonly started: string;
}

let own: ProcessIdentity | undefined;

export function thisProcess(): ProcessIdentity {
  own ??= { host: hostname(), machine: machine(), pid: process.pid, started: startOf(process.pid) ?? '' };
  return own;
}

/** Whether it lives; `unknown` for a process of another machine. */
export function liveness(other: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (other.machine !== thisProcess().machine) return 'unknown';
  return startOf(other.pid) === other.started ? 'alive' : 'dead';
}

function machine(): string {
  if (process.platform !== 'linux') return hostname();
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** Undefined where there is no such process. */
function startOf(pid: number): string | undefined {
  switch (process.platform) {
    case 'linux':
      return startOnLinux(pid);
    case 'win32':
      return exists(pid) ? '' : undefined;
    default:
      return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() || undefined;
  }
}

/** Field 22 of /proc/<pid>/stat, in ticks since boot. A killed process whose parent has not looked yet is dead. */
function startOnLinux(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold both spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
