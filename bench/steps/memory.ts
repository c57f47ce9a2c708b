/** Resident memory of this process in bytes, as Linux counts it. */
import { readFileSync, writeFileSync } from 'node:fs';

function field(name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

export function residentMemory(): number {
  return field('VmRSS');
}

/** The most since the process began, or since `resetPeak`. */
export function peakMemory(): number {
  return field('VmHWM');
}

export function resetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}
