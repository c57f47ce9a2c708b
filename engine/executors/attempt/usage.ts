/**
 * What an attempt has taken so far. A process runs one attempt after another, so its own counters are read at the start
 * and subtracted. The peak of its memory can be set back on Linux; elsewhere the memory is looked at whenever it is asked
 * for, which may miss a peak between two steps but never blames an attempt for an earlier one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Usage } from '../executor.ts';

/** Starts measuring; the returned function gives what was taken since. */
export function measureUsage(): () => Usage {
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  const filesBefore = bytesOfFiles();
  const isForgotten = forgetPeak();
  let seen = 0;
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    seen = Math.max(seen, isForgotten ? (systemPeak() ?? 0) : process.memoryUsage.rss());
    return {
      wallSeconds: rounded((performance.now() - begun) / 1000),
      cpuSeconds: rounded((user + system) / 1e6),
      peakMemory: seen,
      ...(filesBefore && since(filesBefore, bytesOfFiles())),
    };
  };
}

/** False where the system cannot, or may not. */
function forgetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return systemPeak() !== undefined;
  } catch {
    return false;
  }
}

/** Bytes. */
function systemPeak(): number | undefined {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
}

interface FileBytes {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Whether a disk or the memory of the system had them. Programs that were waited for are in it. Linux only. */
function bytesOfFiles(): FileBytes | undefined {
  try {
    const text = readFileSync('/proc/self/io', 'latin1');
    const [read, written] = [/^rchar: (\d+)$/m, /^wchar: (\d+)$/m].map((line) => line.exec(text)?.[1]);
    return read && written ? { bytesRead: Number(read), bytesWritten: Number(written) } : undefined;
  } catch {
    return undefined;
  }
}

function since(before: FileBytes, now: FileBytes | undefined): FileBytes | undefined {
  return (
    now && {
      bytesRead: now.bytesRead - before.bytesRead,
      bytesWritten: now.bytesWritten - before.bytesWritten,
    }
  );
}

/** A ledger of microseconds would only make events long. */
function rounded(seconds: number): number {
  return Math.round(1000 * seconds) / 1000;
}
