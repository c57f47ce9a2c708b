/** What `plan` shows of its nodes: a line each, but the shards of one stage are one line where they are more than a few. */
import type { PricedNode } from '../plan/estimate-grid.ts';
import type { PlanNode } from '../plan/plan.ts';
import { count, duration } from '../report/wording.ts';
import type { PlanPrice } from './price.ts';
import type { Prospect } from './prospects.ts';

export interface PlanRow {
  readonly node: string;
  /** It, or the first of the shards. */
  readonly first: PlanNode;
  readonly takes: string;
  readonly says: string;
}

/** So many shards are shown one by one. */
const MOST_SHARDS = 4;

export function rowsOf(prospects: readonly Prospect[], { nodes: priced }: PlanPrice): PlanRow[] {
  const groups: { readonly place: string | undefined; readonly members: number[] }[] = [];
  prospects.forEach(({ node }, at) => {
    const place = placeOfShard(node);
    const last = groups.at(-1);
    if (last && place !== undefined && last.place === place) last.members.push(at);
    else groups.push({ place, members: [at] });
  });
  return groups.flatMap(({ members }) => {
    const shown = members.map((at) => ({ prospect: prospects[at] as Prospect, priced: priced[at] as PricedNode }));
    if (shown.length <= MOST_SHARDS)
      return shown.map(({ prospect: { node, says }, priced }) => ({
        ...{ node: node.id, first: node, takes: takes(priced), says },
      }));
    return [together(shown)];
  });
}

/** Shards of one stage at one place of the grid have it in common. */
function placeOfShard({ uses: [use] }: PlanNode): string | undefined {
  if (!use?.shard) return undefined;
  const { shard, ...place } = use;
  return JSON.stringify({ ...place, of: shard.of });
}

interface Shown {
  readonly prospect: Prospect;
  readonly priced: PricedNode;
}

function together(shards: readonly Shown[]): PlanRow {
  const first = (shards[0] as Shown).prospect;
  const of = first.node.uses[0]?.shard?.of ?? shards.length;
  const states = new Map<string, number>();
  for (const { prospect } of shards) states.set(prospect.state, (states.get(prospect.state) ?? 0) + 1);
  // The reason of the first that is missing is that of all, as a rule.
  const missing = shards.find(({ prospect }) => prospect.state !== 'hit')?.prospect;
  const why = missing ? `: ${missing.says.replace(/^[^:]*: /, '')}` : '';
  const seconds = shards.reduce((sum, { priced }) => sum + (priced.estimate?.seconds.median ?? 0), 0);
  const unknown = shards.some(({ priced }) => priced.costs === 'unknown');
  return {
    node: first.node.id.replace(
      /shard=\d+of\d+/,
      `${count(shards.length, 'shard')}${shards.length < of ? ` of ${of}` : ''}`,
    ),
    first: first.node,
    takes: unknown ? '?' : seconds > 0 ? `~${duration(seconds)}` : '',
    says: `${[...states].map(([state, number]) => (state === 'hit' ? count(number, 'hit') : `${number} ${state}`)).join(', ')}${why}`,
  };
}

function takes({ estimate, costs }: PricedNode): string {
  if (estimate) return `~${duration(estimate.seconds.median)}`;
  return costs === 'unknown' ? '?' : '';
}
