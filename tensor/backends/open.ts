/** Opens a backend by name, loading its native parts only then. */
import { fail, ok, type Result } from '../../base/result.ts';
import { compilerVersion } from '../compile/version.ts';
import type { Backend, BackendName, BackendOptions } from './backend.ts';
import { onnxruntimeNumerics } from './onnxruntime/numerics.ts';
import { providerOf } from './onnxruntime/provider.ts';
import { tensorflowNumerics } from './tensorflow/numerics.ts';

/** The default first. After a colon stands the execution provider that onnxruntime is to compute with. */
const backendNames: readonly BackendName[] = [
  'onnxruntime',
  'tensorflow',
  'onnxruntime:webgpu',
  'onnxruntime:cuda',
  'reference',
];

export async function openBackend(name: string, options: BackendOptions): Promise<Result<Backend>> {
  switch (name) {
    case 'onnxruntime':
    case 'onnxruntime:webgpu':
    case 'onnxruntime:cuda':
      return (await import('./onnxruntime/backend.ts')).openOnnxruntime(options, providerOf(name));
    case 'tensorflow':
      return (await import('./tensorflow/backend.ts')).openTensorflow(options);
    case 'reference':
      return ok((await import('./reference/backend.ts')).openReference());
    default:
      return unknownBackend(name);
  }
}

/** What identifies a backend's results but the thread count: versions and processor class. Loads nothing native. */
export function backendNumerics(name: string): Result<Record<string, string | number>> {
  switch (name) {
    case 'onnxruntime':
    case 'onnxruntime:webgpu':
    case 'onnxruntime:cuda':
      return onnxruntimeNumerics(providerOf(name));
    case 'tensorflow':
      return tensorflowNumerics();
    case 'reference':
      return ok({ backend: 'reference', compiler: compilerVersion });
    default:
      return unknownBackend(name);
  }
}

function unknownBackend(name: string): ReturnType<typeof fail> {
  return fail('BACKEND_UNKNOWN', `There is no backend ${name}; the backends are ${backendNames.join(', ')}`);
}
