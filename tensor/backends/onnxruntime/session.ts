/** The only file that touches `onnxruntime-node`, and only when a backend is opened: its binary takes time to load. */
import type { InferenceSession } from 'onnxruntime-node';
import { fail, ok, type Result } from '../../../base/result.ts';
import { keepsFreed } from '../native-memory.ts';
import type { Provider } from './provider.ts';

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

export function sessionOptions(
  threads: number,
  provider: Provider = 'cpu',
  onProcessor: readonly string[] = [],
): InferenceSession.SessionOptions {
  return {
    // What a provider does not know, the processor does.
    executionProviders: [provider === 'webgpu' ? webgpu(onProcessor) : provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Not `all`: its blocked layout pays for constant filters only; around a single pooling it costs two reorderings.
    graphOptimizationLevel: 'extended',
    // Threads wait for work by spinning for so many microseconds, then asleep. Without a limit, threads of idle programs
    // take the processor from busy ones, and one that shares its core with other work takes twice as long.
    // (`dynamic_block_base`, advised for that as well, would let chance choose where vectors end, and so the last bits.)
    extra: { session: { intra_op: { spin_duration_us: '50' } } },
    // A pattern is one block for all values of a run, taken next to the pieces that the first run has taken: twice the memory.
    enableMemPattern: false,
    // A session's arena never gives back: one allocator for all sessions holds the most that any needs, not the sum.
    enableCpuMemArena: !keepsFreed(),
    logSeverityLevel: 3,
  };
}

/** An empty list is refused. */
function webgpu(onProcessor: readonly string[]): InferenceSession.WebGpuExecutionProviderOption {
  const forced = onProcessor.length > 0 ? { forceCpuNodeNames: onProcessor } : {};
  return { name: 'webgpu', preferredLayout: 'NCHW', ...forced };
}
