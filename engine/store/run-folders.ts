/**
 * Names of folders that every system takes and people can read: `distil[method=dm,set=2]` → `distil-method-dm-set-2`.
 * Two nodes of a plan never share one, also where the case of letters does not count.
 */
import { sha256 } from '../../base/digest.ts';
import type { Plan } from '../plan/plan.ts';

const LONGEST = 100;

/** Node id → folder name; the same for equal plans. */
export function nodeFolders(plan: Plan): ReadonlyMap<string, string> {
  const names = plan.nodes.map(({ id }) => safeName(id, LONGEST));
  const count = new Map<string, number>();
  for (const name of names) count.set(name.toLowerCase(), (count.get(name.toLowerCase()) ?? 0) + 1);
  return new Map(
    plan.nodes.map(({ id }, index) => {
      const name = names[index] as string;
      const unique = count.get(name.toLowerCase()) === 1 && id.length <= LONGEST;
      return [id, unique ? name : marked(name, id)];
    }),
  );
}

/** What the folder of a node is called in any plan, the rarer name first: where that is there, the other is not its own. */
export function possibleFolders(id: string): readonly string[] {
  const name = safeName(id, LONGEST);
  return [marked(name, id), ...(id.length <= LONGEST ? [name] : [])];
}

function marked(name: string, id: string): string {
  return `${name}-${sha256(id).slice(0, 8)}`;
}

/** `20261124-131500123-first-light-3fa9`; sorts by time, also among names of older versions, which end at the second. */
export function runId(start: Date, name: string, random: string): string {
  return [timeName(start), safeName(name, 40).toLowerCase(), random].filter(Boolean).join('-');
}

/** `20261124-131500123`, to the millisecond: what begins in one second keeps its order. */
export function timeName(time: Date): string {
  return time
    .toISOString()
    .replace(/[-:.Z]/g, '')
    .replace('T', '-');
}

function safeName(text: string, longest: number): string {
  const name = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .slice(0, longest)
    .replace(/^[-.]+|[-.]+$/g, '');
  // Names that Windows keeps for devices, with or without an ending.
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name) ? `${name}-` : name || 'node';
}
