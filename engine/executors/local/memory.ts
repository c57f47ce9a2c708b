/** What Linux tells about memory; elsewhere nothing is known here, and an attempt tells of its own between steps. */
import { readFileSync } from 'node:fs';

/** Bytes that a process holds in main memory; 0 where unknown. */
export function residentMemory(pid: number): number {
  return 1024 * numberIn(`/proc/${pid}/status`, /^VmRSS:\s*(\d+) kB$/m);
}

/** How many processes the system has killed for want of memory since it started; 0 where unknown. */
export function oomKills(): number {
  return numberIn('/proc/vmstat', /^oom_kill (\d+)$/m);
}

let lately = { at: Number.NEGATIVE_INFINITY, kills: 0 };

/** The same, up to a second old: reading it takes as long as a short stage. */
export function recentOomKills(): number {
  const at = performance.now();
  if (at - lately.at > 1_000) lately = { at, kills: oomKills() };
  return lately.kills;
}

function numberIn(path: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(path, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
