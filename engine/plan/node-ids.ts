/**
 * Readable, unique names of nodes: `distil[method=dm,set=2]`. A name has the axes on which the node really depends: those
 * that the stage or anything upstream names, its replicates, its snapshot and its part (`shard=3of100`), without those on which the node's uses differ (it is the same node there).
 * It is also the name of the node's folder in a run, so it holds nothing that a file system or a shell could take amiss.
 */
import type { NodeUse } from './plan.ts';

export interface Naming {
  readonly key: string;
  readonly uses: readonly NodeUse[];
  /** Axes of the matrix that the stage of the first use, or anything upstream of it, names. */
  readonly axes: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** File systems end names at 255 bytes; the rest is for what others add. */
const MAX_BYTES = 200;
const MAX_LABEL = 40;

/** Names in the order of the nodes. `labels` gives a cell's axes by its id. */
export function nodeIds(nodes: readonly Naming[], labels: (cell: string) => Labels): string[] {
  const short = nodes.map((node) => nameOf(node, constantAxes(node, labels), labels));
  // Two nodes that share a short name are told apart by every axis of the cell where each is first used.
  const long = tellApart(short, (at) => {
    const node = nodes[at] as Naming;
    return nameOf(node, Object.keys(labels(firstUse(node).cell)), labels);
  });
  // What was cut or replaced may have been the difference.
  return tellApart(long, (at) => `${long[at]}#${(nodes[at] as Naming).key.slice(0, 8)}`);
}

/** `distil[dm,2]` for `distil[method=dm,set=2]`: the values, without what they are of. No label has a `=` or a comma. */
export function isShortFor(name: string, id: string): boolean {
  return name.includes('[') && id.includes('=') && id.replace(/([[,])[^=,\]]*=/g, '$1') === name;
}

function tellApart(names: readonly string[], longer: (at: number) => string): string[] {
  const count = new Map<string, number>();
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  return names.map((name, at) => (count.get(name) === 1 ? name : longer(at)));
}

function constantAxes(node: Naming, labels: (cell: string) => Labels): string[] {
  const first = firstUse(node);
  const own = labels(first.cell);
  const uses = node.uses.filter((use) => use.stage === first.stage);
  return node.axes.filter((axis) => axis in own && uses.every((use) => labels(use.cell)[axis] === own[axis]));
}

function nameOf(node: Naming, axes: readonly string[], labels: (cell: string) => Labels): string {
  const { cell, stage, set, evaluation, at, shard } = firstUse(node);
  const own = labels(cell);
  const parts = axes.map((axis) => `${axis}=${fileSafe(own[axis] ?? '')}`);
  if (set !== undefined) parts.push(`set=${set}`);
  if (evaluation !== undefined) parts.push(`evaluation=${evaluation}`);
  if (at !== undefined) parts.push(`at=${at}`);
  if (shard) parts.push(`shard=${shard.index}of${shard.of}`);
  const name = parts.length === 0 ? stage : `${stage}[${parts.join(',')}]`;
  return Buffer.byteLength(name) <= MAX_BYTES ? name : `${cutTo(name, MAX_BYTES - 10)}#${node.key.slice(0, 8)}`;
}

/** Letters, digits and a few marks stay; what separates paths, words or the parts of a name becomes `_`. */
function fileSafe(label: string): string {
  const safe = label.replace(/[^\p{Letter}\p{Mark}\p{Number}._+@~-]+/gu, '_');
  const characters = [...safe];
  return characters.length > MAX_LABEL ? `${characters.slice(0, MAX_LABEL - 1).join('')}…` : safe;
}

function cutTo(text: string, bytes: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > bytes) cut = [...cut].slice(0, -1).join('');
  return cut;
}

function firstUse(node: Naming): NodeUse {
  const [use] = node.uses;
  if (!use) throw new Error('Internal error: expected a node to have a use');
  return use;
}
