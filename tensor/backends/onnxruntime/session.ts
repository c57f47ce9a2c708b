/** The only file that touches `onnxruntime-node`, and only when a backend is opened: its binary takes time to load. */
import type { InferenceSession } from 'onnxruntime-node';
import { fail, ok, type Result } from '../../../base/result.ts';

export type Runtime = typeof import('onnxruntime-node');

export async function loadRuntime(): Promise<Result<Runtime>> {
  try {
    return ok(await import('onnxruntime-node'));
  } catch (error) {
    return fail('BACKEND_MISSING', `The backend onnxruntime cannot be loaded: ${(error as Error).message}`, {
      help: 'Install it again with: npm install onnxruntime-node --onnxruntime-node-install=skip',
    });
  }
}

export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Not `all`: its blocked layout pays for constant filters only; around a single pooling it costs two reorderings.
    graphOptimizationLevel: 'extended',
    logSeverityLevel: 3,
  };
}
