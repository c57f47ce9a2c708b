/** A pinned run is kept by every `gc`, with all that it needs; so is one whose experiment has tags. */
import { isPinned, keepingTags, pin, unpin } from '../../store/pins.ts';
import { openStore } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { findRunId } from '../find-run.ts';
import { storeFolder } from '../folders.ts';
import { tell, tellFailure } from '../output.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = told(openStore(storeFolder(args)));
  if (!store.ok) return store.exit;
  // All names first: a mistake must not leave half of them pinned.
  const found = args.operands.map((name) => findRunId(store.value, name));
  for (const run of found)
    if (!run.ok) {
      tellFailure(run.error);
      return exitCodeOf(run.error);
    }
  for (const run of found) {
    if (!run.ok) continue;
    const was = isPinned(store.value, run.value);
    const tags = keepingTags(store.value, run.value);
    if (args.has('remove')) unpin(store.value, run.value);
    else pin(store.value, run.value);
    const now = args.has('remove') ? letGo(was, tags) : was ? 'was pinned already' : 'is pinned';
    tell(`Run ${run.value} ${now}.\n`);
  }
  return EXIT.done;
}

function letGo(was: boolean, tags: readonly string[]): string {
  if (tags.length > 0) return `is no longer kept for its tags (${tags.join(', ')})${was ? ', nor pinned' : ''}`;
  return was ? 'is no longer pinned' : 'was not pinned';
}
