/**
 * Execution providers of onnxruntime: what computes the kernels. The processor's is the default; `onnxruntime:webgpu`
 * (any Vulkan, Metal or Direct3D 12 device, in the npm package) and `onnxruntime:cuda` (NVIDIA; its libraries are not in
 * the package, `retort setup cuda` fetches them) are asked for by name.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../../../base/result.ts';
import type { ModelNode } from './model.ts';

export type Provider = 'cpu' | 'webgpu' | 'cuda';

export function providerOf(name: 'onnxruntime' | 'onnxruntime:webgpu' | 'onnxruntime:cuda'): Provider {
  return name === 'onnxruntime' ? 'cpu' : name === 'onnxruntime:webgpu' ? 'webgpu' : 'cuda';
}

/** What to type where a provider does not work. */
export const PROVIDER_HELP: Readonly<Record<Exclude<Provider, 'cpu'>, string>> = {
  webgpu:
    'It needs a graphics driver for Vulkan (Debian and Ubuntu: `apt install libvulkan1 mesa-vulkan-drivers`, or the maker’s own), Metal or Direct3D 12; `--backend onnxruntime` computes on the processor.',
  cuda: 'It needs an NVIDIA GPU with its driver, CUDA 12 and cuDNN 9, and `retort setup cuda`; `--backend onnxruntime` computes on the processor.',
};

/**
 * What the processor has to compute beside a provider: `webgpu` has no positions of maxima, and adds scattered values in
 * the order of chance.
 */
export function isForProcessor({ op, outputs }: ModelNode, provider: Provider): boolean {
  if (provider !== 'webgpu') return false;
  return op === 'ScatterElements' || (op === 'MaxPool' && outputs.length === 2);
}

/** The folder of the package's native files for this machine. */
export function nativeFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return join(dirname(manifest), 'bin/napi-v6', process.platform, process.arch);
}

/** As far as can be seen without loading anything native. */
export function presence(provider: Provider): Result<void> {
  if (provider !== 'cuda' || existsSync(join(nativeFolder(), 'libonnxruntime_providers_cuda.so'))) return ok(undefined);
  return fail('BACKEND_MISSING', 'The provider cuda of onnxruntime is not installed', { help: PROVIDER_HELP.cuda });
}
