/**
 * Parts of a frozen plan without parsing all of it: a plan of thousands of nodes takes longer to parse than a command may
 * take. What lies where is told by the indentation that `createRun` writes, where no text of a value begins a line; a plan
 * written otherwise answers nothing here and is read whole.
 */
import { readFileSync } from 'node:fs';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { errorCode, onDisk } from './disk-failure.ts';

const BEGINS = '{\n  "schema": "retort-plan/1",';
const NODES = '\n  "nodes": [';
const NODE_BEGINS = '\n    {';
const NODE_ENDS = '\n    }';
const STAGE = Buffer.from('\n      "manifest": {\n        "v": 1,\n        "stage": "');

export interface PlanOutline {
  readonly plan: Omit<Plan, 'nodes'>;
  /** Stage → number of its nodes. */
  readonly stages: ReadonlyMap<string, number>;
}

/** The first node of this id, or whose key begins with `key`; undefined where that must be read from the whole plan. */
export function readPlanNode(
  path: string,
  { id, key }: { readonly id: string; readonly key?: string },
): { readonly node: PlanNode | undefined } | undefined {
  const { text, nodes } = readText(path) ?? {};
  if (!text || nodes === undefined) return undefined;
  const places = [
    text.indexOf(`\n      "id": ${JSON.stringify(id)},`, nodes),
    ...(key === undefined ? [] : [text.indexOf(`\n      "key": "${key}`, nodes)]),
  ].filter((place) => place >= 0);
  if (places.length === 0) return { node: undefined };
  const place = Math.min(...places);
  const start = text.lastIndexOf(NODE_BEGINS, place);
  const end = text.indexOf(NODE_ENDS, place);
  const node = start > nodes && end > 0 ? parsed(text.toString('utf8', start, end + NODE_ENDS.length)) : undefined;
  return node === undefined ? undefined : { node: node as PlanNode };
}

export function readPlanOutline(path: string): PlanOutline | undefined {
  const { text, nodes } = readText(path) ?? {};
  if (!text || nodes === undefined) return undefined;
  const head = parsed(`${text.toString('utf8', 0, nodes + NODES.length)}]}`) as Plan | undefined;
  if (!head) return undefined;
  const stages = new Map<string, number>();
  for (let place = text.indexOf(STAGE, nodes); place >= 0; place = text.indexOf(STAGE, place)) {
    place += STAGE.length;
    const stage = text.toString('utf8', place, text.indexOf('"', place));
    stages.set(stage, (stages.get(stage) ?? 0) + 1);
  }
  const { nodes: _, ...plan } = head;
  return stages.size > 0 ? { plan, stages } : undefined;
}

/** `nodes`: where they begin. */
function readText(path: string): { readonly text: Buffer; readonly nodes: number } | undefined {
  try {
    const text = onDisk(path, () => readFileSync(path));
    const nodes = text.indexOf(NODES);
    const known = nodes > 0 && text.toString('latin1', 0, BEGINS.length) === BEGINS;
    return known ? { text, nodes } : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
