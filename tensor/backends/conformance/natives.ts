/** The native backends: those that can be opened here, and why the others cannot. */
import { existsSync } from 'node:fs';
import type { Backend, BackendName } from '../backend.ts';
import { openBackend } from '../open.ts';

/** What tests call it: the backend's name, with the reason where it is absent. */
export type Native = readonly [title: string, backend: Backend | undefined];

const onTheProcessor: readonly BackendName[] = ['onnxruntime', 'tensorflow'];
const onGraphics: readonly BackendName[] = ['onnxruntime:webgpu', 'onnxruntime:cuda'];

/** TensorFlow takes its threads from the first opening of a process. */
export function openNatives(threads: number): Promise<readonly Native[]> {
  return open(onTheProcessor, threads);
}

/** Of Debian's package `chromium-common`: a Vulkan device in software that needs no screen. */
const SOFTWARE_VULKAN = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Providers of onnxruntime; on machines without a graphics device, software takes its place where it is installed. */
export function openGraphics(): Promise<readonly Native[]> {
  if (existsSync(SOFTWARE_VULKAN) && !existsSync('/dev/dri')) process.env.VK_ICD_FILENAMES ??= SOFTWARE_VULKAN;
  return open(onGraphics, 2);
}

async function open(names: readonly BackendName[], threads: number): Promise<readonly Native[]> {
  const natives: Native[] = [];
  for (const name of names) {
    const opened = await openBackend(name, { threads });
    // onnxruntime is a dependency: without it nothing was tested.
    if (!opened.ok && name === 'onnxruntime') throw new Error(opened.error.message);
    natives.push(opened.ok ? [name, opened.value] : [`${name}: ${opened.error.message.replace(/\.$/, '')}`, undefined]);
  }
  return natives;
}

/** Rows for `it.each`, which shortens names that it takes out of objects. */
export function named<T extends { readonly name: string }>(cases: readonly T[]): (readonly [string, T])[] {
  return cases.map((one) => [one.name, one]);
}
