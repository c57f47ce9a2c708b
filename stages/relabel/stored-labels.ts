/** What the steps of a relabelling have put into the store, under the names of its artifact. */
import type { StepFiles, StoredFile } from '../stage.ts';

/** A file that has gone from the store since its step is made once more, to the same bytes. */
export async function storedLabels(
  files: StepFiles,
  made: readonly StoredFile[],
  nameOf: (part: number) => string,
  again: (part: number) => Promise<Uint8Array>,
): Promise<Record<string, StoredFile>> {
  const stored: Record<string, StoredFile> = {};
  for (const [part, file] of made.entries()) {
    const name = nameOf(part);
    if (!files.has(file)) files.put(await again(part));
    if (!files.has(file)) throw new Error(`Internal error: expected ${name} to have the labels that it was made with`);
    stored[name] = file;
  }
  return stored;
}
