/** What can move a bit of this backend's results besides the thread count, found without loading anything native. */
import { createRequire } from 'node:module';
import { processorClass } from '../processor.ts';

/** Raised whenever an emission changes in a way that may move a bit. */
export const emissionVersion = 2;

export function onnxruntimeNumerics(): Record<string, string | number> {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { backend: 'onnxruntime', version, emission: emissionVersion, processor: processorClass() };
}
