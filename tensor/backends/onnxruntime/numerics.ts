/**
 * What can move a bit of this backend's results besides the thread count, found without loading anything native. No
 * operation of conformance-threads.test.ts gives other bits on 1 to 4 threads, but its kernels promise that nowhere,
 * and choose how to split work by sizes: threads stay in the keys.
 */
import { createRequire } from 'node:module';
import { compilerVersion } from '../../compile/version.ts';
import { processorClass } from '../processor.ts';

/** Raised whenever an emission changes in a way that may move a bit. */
export const emissionVersion = 5;

export function onnxruntimeNumerics(): Record<string, string | number> {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    backend: 'onnxruntime',
    version,
    compiler: compilerVersion,
    emission: emissionVersion,
    processor: processorClass(),
  };
}
