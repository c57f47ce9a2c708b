/** A store that was moved, unmounted or deleted while a run used it: said before anything would make half of it again. */
import { existsSync } from 'node:fs';
import type { Failure } from '../../base/result.ts';
import type { DrivenRun } from '../store/runs.ts';

export function storeGone({ folder, store }: DrivenRun): Failure | undefined {
  if (existsSync(folder) && existsSync(store.keys)) return undefined;
  return {
    code: 'STORE_GONE',
    message: 'The store was moved or deleted while a run used it.',
    place: store.folder,
    help: 'Put it back, or run the same command again: what is missing is made anew.',
  };
}
