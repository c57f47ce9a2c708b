/**
 * What can move a bit of this backend's results besides the thread count, found without loading anything native. No
 * operation of conformance-threads.test.ts gives other bits on 1 to 4 threads, but its kernels promise that nowhere,
 * and choose how to split work by sizes: threads stay in the keys.
 */
import { createRequire } from 'node:module';
import { ok, type Result } from '../../../base/result.ts';
import { compilerVersion } from '../../compile/version.ts';
import { graphicsClass } from '../graphics.ts';
import { processorClass } from '../processor.ts';
import { type Provider, presence } from './provider.ts';

/** Raised whenever an emission, or how networks convolve on this backend, changes in a way that may move a bit. */
export const emissionVersion = 12;

export function onnxruntimeNumerics(provider: Provider): Result<Record<string, string | number>> {
  const present = presence(provider);
  if (!present.ok) return present;
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return ok({
    backend: 'onnxruntime',
    ...(provider !== 'cpu' && { provider, device: graphicsClass() }),
    version,
    compiler: compilerVersion,
    emission: emissionVersion,
    processor: processorClass(),
  });
}
