/**
 * What tells two manifests of one stage kind apart, as the shortest list: own differences, and for each input that
 * differs the differences of the first node upstream that has some of its own. What an upstream node shares with the
 * node itself (the same other seed, data set or backend) is said once.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json } from '../../base/json.ts';
import { type ManifestOf, ownFacts, upstreamOf } from './explain-features.ts';
import type { KeyManifest } from './plan.ts';

export interface Change {
  readonly what: 'parameter' | 'version' | 'seed' | 'data' | 'numerics' | 'input' | 'snapshot' | 'shard' | 'code';
  /** The parameter's path, the replicate axis, the part of numerics, or the role. */
  readonly path: string;
  /** Absent: there was none (for a parameter: its default). */
  readonly from?: Json;
  readonly to?: Json;
  /** Stage kind, and the roles that lead from the node to where the change lies; empty for the node itself. */
  readonly stage: string;
  readonly upstream: readonly string[];
  /** Key of the node where it lies. */
  readonly key: string;
}

export interface Compared {
  readonly key: string;
  readonly manifest: KeyManifest;
}

export function changesBetween(was: Compared, now: Compared, manifestOf: ManifestOf): Change[] {
  return unrepeated(compare(was, now, manifestOf, []));
}

function compare(was: Compared, now: Compared, manifestOf: ManifestOf, upstream: readonly string[]): Change[] {
  const at = { stage: now.manifest.stage, upstream, key: now.key };
  const own = ownChanges(was.manifest, now.manifest).map((change) => ({ ...change, ...at }));
  const before = new Map(upstreamOf(was.manifest));
  const after = new Map(upstreamOf(now.manifest));
  for (const role of new Set([...before.keys(), ...after.keys()])) {
    const [from, to] = [before.get(role), after.get(role)];
    if (from === to) continue;
    const [older, newer] = [from, to].map((key) => (key === undefined ? undefined : manifestOf(key)));
    if (!from || !to || !older || !newer || older.stage !== newer.stage) {
      own.push({ what: 'input', path: role, ...ends(older?.stage, newer?.stage), ...at });
      continue;
    }
    const inner = compare({ key: from, manifest: older }, { key: to, manifest: newer }, manifestOf, [
      ...upstream,
      role,
    ]);
    // A shard has the parameters of what joins it.
    const isSaid = now.manifest.merge ? isAlike : isSame;
    own.push(...inner.filter((change) => !own.some((said) => isSaid(said, change))));
  }
  return own;
}

function ends(from: Json | undefined, to: Json | undefined): { from?: Json; to?: Json } {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

type OwnChange = Pick<Change, 'what' | 'path' | 'from' | 'to'>;

function ownChanges(was: KeyManifest, now: KeyManifest): OwnChange[] {
  const [before, after] = [ownFacts(was), ownFacts(now)];
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((path): OwnChange[] => {
    const [from, to] = [before.get(path), after.get(path)];
    if (from !== undefined && to !== undefined && canonicalJson(from) === canonicalJson(to)) return [];
    return [{ ...named(path), ...ends(from, to) }];
  });
  return withoutConsequences(changes);
}

function named(path: string): Pick<Change, 'what' | 'path'> {
  const [group = '', ...rest] = path.split('.');
  switch (group) {
    case 'params':
      return { what: 'parameter', path: rest.join('.') };
    case 'seed':
      return { what: 'seed', path: rest.join('.') };
    case 'numerics':
      return { what: 'numerics', path: rest.join('.') };
    case 'data':
      return { what: 'data', path: 'data' };
    case 'code':
      return { what: 'code', path: 'code' };
    case 'at':
      return { what: 'snapshot', path: 'at' };
    case 'shard':
    case 'shards':
      return { what: 'shard', path };
    default:
      return { what: 'version', path: 'version' };
  }
}

/** Another backend has other versions: only threads are a choice of their own. Where one key leaves the machine out, that is it. */
function withoutConsequences(changes: readonly OwnChange[]): OwnChange[] {
  const modes = changes.filter(({ what, path }) => what === 'numerics' && path === 'threads');
  const [mode] = modes.filter(({ from, to }) => from === undefined || to === undefined);
  if (mode) {
    const named = (threads: Json | undefined) => (threads === undefined ? 'backend' : 'strict');
    const said: OwnChange = { what: 'numerics', path: 'numerics', from: named(mode.from), to: named(mode.to) };
    const rest = changes.filter(
      ({ what, from, to }) => what !== 'numerics' || (from !== undefined && to !== undefined),
    );
    return [...withoutConsequences(rest), said];
  }
  const otherBackend = changes.some(({ what, path }) => what === 'numerics' && path === 'backend');
  return changes.filter(
    ({ what, path }) => !otherBackend || what !== 'numerics' || path === 'backend' || path === 'threads',
  );
}

/** Whether `change`, upstream, is what has been said of the node below already. */
function isSame(said: Change, change: Change): boolean {
  const repeats = change.what === 'seed' || change.what === 'data' || change.what === 'numerics';
  return (repeats || said.key === change.key) && isAlike(said, change);
}

function isAlike(said: Change, change: Change): boolean {
  return (
    said.what === change.what &&
    said.path === change.path &&
    text(said.from) === text(change.from) &&
    text(said.to) === text(change.to)
  );
}

function text(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

/** One node may be read by two roles. */
function unrepeated(changes: readonly Change[]): Change[] {
  return changes.filter((change, at) => changes.findIndex((other) => isSame(other, change)) === at);
}
