/** Our side: a stage as experiments run it, in a process of its own. */
import { ownSide, type Side } from '../sides.ts';
import type { ChildConfiguration } from './stage-child.ts';

export function stageSide(configuration: ChildConfiguration): Promise<Side> {
  return ownSide(import.meta.url, 'stage-child', configuration);
}
