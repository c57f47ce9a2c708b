/** The native backends: those that can be opened here, and why the others cannot. */
import type { Backend, BackendName } from '../backend.ts';
import { openBackend } from '../open.ts';

export interface Native {
  /** The backend's name, with the reason where it is absent. */
  readonly title: string;
  readonly backend?: Backend;
}

const names: readonly BackendName[] = ['onnxruntime', 'tensorflow'];

/** TensorFlow takes its threads from the first opening of a process. */
export async function openNatives(threads: number): Promise<readonly Native[]> {
  const natives: Native[] = [];
  for (const name of names) {
    const opened = await openBackend(name, { threads });
    // onnxruntime is a dependency: without it nothing was tested.
    if (!opened.ok && name === 'onnxruntime') throw new Error(opened.error.message);
    natives.push(opened.ok ? { title: name, backend: opened.value } : { title: `${name}: ${opened.error.message}` });
  }
  return natives;
}
