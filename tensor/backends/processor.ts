/**
 * The processor's class: architecture and widest vector extension. Native kernels choose their code, and with it the
 * order of sums, by it; machines of one class give the same bits.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';

const vectorFlags = ['avx512f', 'avx2', 'avx', 'sse4_2', 'sve', 'asimd'] as const;

export function processorClass(): string {
  const flags = processorFlags();
  const widest = vectorFlags.find((flag) => flags.has(flag));
  // Where the system does not list flags (macOS, Windows), the model names the class.
  return `${process.arch}-${widest ?? (os.cpus()[0]?.model ?? 'unknown').trim().replaceAll(/\s+/g, '-').toLowerCase()}`;
}

function processorFlags(): ReadonlySet<string> {
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(line?.[1]?.split(/\s+/) ?? []);
  } catch {
    return new Set();
  }
}
