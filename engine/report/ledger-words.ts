/** The ledger of a run in a line or two. */
import { formatSize } from '../../base/units.ts';
import type { LedgerTotals } from './ledger.ts';
import { count, duration } from './wording.ts';

/** Empty where nothing was computed and nothing saved. */
export function ledgerWords(ledger: LedgerTotals): string {
  const { attempts, wallSeconds, cpuSeconds, peakMemory, repeatedSeconds, wastedSeconds, hits, savedSeconds } = ledger;
  const { waitedSeconds, gpuSeconds, bytesRead, bytesWritten } = ledger;
  const parts: string[] = [];
  if (attempts > 0) {
    const cpu = cpuSeconds > 0 ? ` (${duration(cpuSeconds)} of CPU` : '';
    const memory = peakMemory > 0 ? `${cpu ? ', ' : ' ('}at most ${formatSize(peakMemory)}` : '';
    parts.push(
      `${count(attempts, 'attempt')}: ${duration(wallSeconds)} of work${cpu}${memory}${cpu || memory ? ')' : ''}`,
    );
    if (gpuSeconds > 0) parts.push(`${duration(gpuSeconds)} of a GPU`);
    if (waitedSeconds >= 0.05) parts.push(`${duration(waitedSeconds)} waited for room`);
    if (bytesRead + bytesWritten > 0) parts.push(`${formatSize(bytesRead)} read, ${formatSize(bytesWritten)} written`);
    if (repeatedSeconds >= 0.05) parts.push(`${duration(repeatedSeconds)} repeated`);
    if (wastedSeconds >= 0.05) parts.push(`${duration(wastedSeconds)} wasted`);
  }
  if (hits > 0 && savedSeconds > 0) parts.push(`${duration(savedSeconds)} saved by ${count(hits, 'hit')}`);
  return parts.join('; ');
}
