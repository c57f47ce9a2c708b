/**
 * The only file that touches TensorFlow's Node binding, and only when a backend is opened. It is no dependency of the
 * package: looked for in the cache that `retort setup tensorflow` fills, then among the installed packages.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../base/result.ts';

/** What is used of `@tensorflow/tfjs-node`: tensors, SavedModels, nothing else. */
export interface Runtime {
  tensor(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype: RuntimeType): RuntimeTensor;
  readonly node: { loadSavedModel(folder: string): Promise<RuntimeModel> };
}

export type RuntimeType = 'float32' | 'int32' | 'bool';

export interface RuntimeTensor {
  dataSync(): Float32Array | Int32Array | Uint8Array;
  dispose(): void;
}

export interface RuntimeModel {
  predict(inputs: Record<string, RuntimeTensor>): Record<string, RuntimeTensor>;
  dispose(): void;
}

export interface FoundRuntime {
  /** Of the binding's package: `@tensorflow/tfjs-node` or `-gpu`. */
  readonly package: string;
  readonly packageVersion: string;
  /** Of the TensorFlow library, as far as it is known without loading it. */
  readonly tensorflow: string;
  /** `require` in the place where it lies. */
  readonly require: NodeJS.Require;
}

export const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** Where `retort setup tensorflow` puts what it builds: outside `node_modules`, which `npm ci` empties. */
export function cacheFolder(): string {
  const base = process.env.RETORT_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(os.homedir(), '.cache'), 'retort');
  return join(base, 'tensorflow');
}

/** Finds the binding without loading it. */
export function findRuntime(): Result<FoundRuntime> {
  for (const require of placesToLook()) {
    for (const name of packages) {
      try {
        const manifest = require(`${name}/package.json`) as { version: string; retortTensorflow?: string };
        const tensorflow = manifest.retortTensorflow ?? 'bundled';
        return ok({ package: name, packageVersion: manifest.version, tensorflow, require });
      } catch {
        // It is not here; the next place may have it.
      }
    }
  }
  return fail('BACKEND_MISSING', 'The backend tensorflow is not installed', {
    help: 'Type `retort setup tensorflow`: it builds the binding against TensorFlow from PyPI.',
  });
}

function placesToLook(): NodeJS.Require[] {
  const cache = cacheFolder();
  const built = existsSync(cache) ? readdirSync(cache).filter((name) => /^\d/.test(name)) : [];
  // The newest TensorFlow first; numbers compare as numbers.
  built.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return [...built.map((name) => createRequire(join(cache, name, 'package.json'))), createRequire(import.meta.url)];
}

/** Threads are read from the environment when TensorFlow starts, so the first one to load it decides for the process. */
export function loadRuntime({ require, package: name }: FoundRuntime, threads: number): Result<Runtime> {
  Object.assign(process.env, {
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
  });
  try {
    return ok(withoutGreeting(() => require(name) as Runtime));
  } catch (error) {
    return fail('BACKEND_MISSING', `The backend tensorflow cannot be loaded: ${(error as Error).message}`, {
      help: 'Type `retort setup tensorflow` to build it again.',
    });
  }
}

/** tfjs advertises itself on the console while it loads. */
function withoutGreeting<T>(load: () => T): T {
  const { info, log, warn } = console;
  const silent = () => {};
  Object.assign(console, { info: silent, log: silent, warn: silent });
  try {
    return load();
  } finally {
    Object.assign(console, { info, log, warn });
  }
}
