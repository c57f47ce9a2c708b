/** Explanations in words, the same in every command: `learningRate 0.25 → 0.1`, `distil[set=1]: iterations 3 → 5`. */
import type { Json } from '../../base/json.ts';
import type { Change, Explanation } from './explain.ts';

export interface Wording {
  /** Id of the plan's node with a key. */
  nodeId(key: string): string | undefined;
  /** Of a stage kind's parameter; undefined where it has none. */
  defaultOf(stage: string, path: string): Json | undefined;
}

/** One line; `most` changes at most. */
export function inShort(explanation: Explanation, wording: Wording, most = 2): string {
  switch (explanation.why) {
    case 'first':
      return `first ${explanation.stage}`;
    case 'damaged':
      return 'its files are gone';
    case 'differs': {
      const said = explanation.changes.map((change) => changeInWords(change, wording));
      const more = said.length - most;
      return [...said.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
    }
  }
}

export function changeInWords(change: Change, wording: Wording): string {
  const own = ownWords(change, wording);
  if (change.upstream.length === 0) return own;
  return `${wording.nodeId(change.key) ?? change.upstream.join('.')}: ${own}`;
}

function ownWords({ what, path, from, to, stage }: Change, { defaultOf }: Wording): string {
  switch (what) {
    case 'parameter': {
      const usual = defaultOf(stage, path);
      const shown = (value: Json | undefined) =>
        value !== undefined ? brief(value) : usual === undefined ? 'none' : `${brief(usual)} (default)`;
      return `${path} ${shown(from)} → ${shown(to)}`;
    }
    case 'version':
      return `version of stage ${stage} ${brief(from)} → ${brief(to)}`;
    case 'code':
      // Of one that the present code has made again, once more.
      return from !== undefined && to === undefined
        ? `code of stage ${stage} as it is, not asked for`
        : `code of stage ${stage} has changed`;
    case 'seed':
      return `${path === 'base' ? 'seed' : path} ${brief(from)} → ${brief(to)}`;
    case 'data':
      return dataWords(String(from ?? 'none'), String(to ?? 'none'));
    case 'shard':
      return path === 'shards'
        ? `shards ${brief(from ?? 'none')} → ${brief(to ?? 'none')}`
        : `${path} ${brief(from ?? 'all')} → ${brief(to ?? 'all')}`;
    case 'snapshot':
      return `taken after step ${brief(from ?? 'the last')} → ${brief(to ?? 'the last')}`;
    case 'numerics': {
      const whose = ['backend', 'threads', 'numerics'].includes(path) ? '' : ' of the backend';
      return `${path}${whose} ${brief(from)} → ${brief(to)}`;
    }
    case 'input':
      return `input ${path}: ${brief(from ?? 'unknown')} → ${brief(to ?? 'none')}`;
  }
}

/** `fashion-mnist@<digest>`. */
function dataWords(from: string, to: string): string {
  const [[set, digest], [other, otherDigest]] = [from.split('@'), to.split('@')] as [string[], string[]];
  if (set !== other) return `data ${set} → ${other}`;
  return `files of ${set} ${(digest ?? '').slice(0, 8)} → ${(otherDigest ?? '').slice(0, 8)}`;
}

const LONGEST = 48;

export function brief(value: Json | undefined): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
