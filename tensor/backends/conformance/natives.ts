/** The native backends: those that can be opened here, and why the others cannot. */
import type { Backend, BackendName } from '../backend.ts';
import { openBackend } from '../open.ts';

/** What tests call it: the backend's name, with the reason where it is absent. */
export type Native = readonly [title: string, backend: Backend | undefined];

const names: readonly BackendName[] = ['onnxruntime', 'tensorflow'];

/** TensorFlow takes its threads from the first opening of a process. */
export async function openNatives(threads: number): Promise<readonly Native[]> {
  const natives: Native[] = [];
  for (const name of names) {
    const opened = await openBackend(name, { threads });
    // onnxruntime is a dependency: without it nothing was tested.
    if (!opened.ok && name === 'onnxruntime') throw new Error(opened.error.message);
    natives.push(opened.ok ? [name, opened.value] : [`${name}: ${opened.error.message}`, undefined]);
  }
  return natives;
}

/** Rows for `it.each`, which shortens names that it takes out of objects. */
export function named<T extends { readonly name: string }>(cases: readonly T[]): (readonly [string, T])[] {
  return cases.map((one) => [one.name, one]);
}
