/** Where the inputs of a stage are written: one place for each stage that a role names. */
import type { InputRole } from '../../stages/stage.ts';
import { type Found, get, locate, type TreeMap } from './tree.ts';

/** A list counts as its items only where the role takes several; an empty one is no list of stages. */
export function namedIn(map: TreeMap, role: string, { many }: Pick<InputRole, 'many'>): Found[] {
  const written = get(map, role);
  if (!written) return [];
  if (!many || written.type !== 'list' || written.items.length === 0) return [locate(map, [role])];
  return written.items.map((_, index) => locate(map, [role, index]));
}
