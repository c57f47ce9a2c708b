/**
 * What can move a bit of this backend's results besides the thread count, found without loading anything native. Threads
 * do move bits: matrix products and the adjoints of convolutions split their sums by them (conformance-threads.test.ts
 * lists which), so they are in the keys.
 */
import { ok, type Result } from '../../../base/result.ts';
import { compilerVersion } from '../../compile/version.ts';
import { processorClass } from '../processor.ts';
import { findRuntime } from './runtime.ts';

/** Raised whenever an emission changes in a way that may move a bit. */
export const emissionVersion = 2;

export function tensorflowNumerics(): Result<Record<string, string | number>> {
  const found = findRuntime();
  if (!found.ok) return found;
  const { package: name, packageVersion, tensorflow } = found.value;
  return ok({
    backend: 'tensorflow',
    version: tensorflow === 'bundled' ? `${name} ${packageVersion}` : tensorflow,
    compiler: compilerVersion,
    emission: emissionVersion,
    processor: processorClass(),
  });
}
