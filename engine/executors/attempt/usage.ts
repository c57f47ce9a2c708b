/**
 * What an attempt has taken so far. A process runs one attempt after another, so its own counters are read at the start
 * and subtracted; the peak of its memory can be set back on Linux, elsewhere it is that of the whole process.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Usage } from '../executor.ts';

/** Starts measuring; the returned function gives what was taken since. */
export function measureUsage(): () => Usage {
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  forgetPeak();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      wallSeconds: rounded((performance.now() - begun) / 1000),
      cpuSeconds: rounded((user + system) / 1e6),
      peakMemory: peakMemory(),
    };
  };
}

function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed: the peak of earlier attempts of this process counts too.
  }
}

/** Bytes. */
function peakMemory(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (kilobytes !== undefined) return 1024 * Number(kilobytes);
  } catch {
    // Not Linux.
  }
  return 1024 * process.resourceUsage().maxRSS;
}

/** A ledger of microseconds would only make events long. */
function rounded(seconds: number): number {
  return Math.round(1000 * seconds) / 1000;
}
