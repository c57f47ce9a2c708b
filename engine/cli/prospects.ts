/** What would become of every node of a plan, and why: what `plan` and `explain` show, in words and for programs. */
import type { Json } from '../../base/json.ts';
import { stageKind } from '../../stages/registry.ts';
import { byChain } from '../plan/chain.ts';
import { defaultsOf } from '../plan/defaults.ts';
import { type Change, type EarlierResults, type Explanation, explainer } from '../plan/explain.ts';
import { changeInWords, inShort, type Wording } from '../plan/explain-words.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { figures } from '../report/wording.ts';
import { type Checkpoint, newestCheckpoint } from '../store/checkpoints.ts';
import type { EarlierResult } from '../store/earlier-results.ts';
import { type Beginning, furthestState } from '../store/kept-states.ts';
import { leaseHolder } from '../store/leases.ts';
import { prunedNodes } from '../store/prune-marks.ts';
import type { Store } from '../store/store.ts';
import { bytesStoredBySteps } from '../store/stored-by-steps.ts';
import { isOtherCode, type Remade, remadeNodes } from './present-code.ts';
import type { Records } from './results.ts';

export interface Prospect {
  readonly node: PlanNode;
  readonly state: 'hit' | 'running' | 'to continue' | 'to run' | 'pruned';
  /** One line. */
  readonly says: string;
  /** What the hit took when it was computed. */
  readonly seconds?: number;
  /** A hit that other code of the same stage version has made. */
  readonly otherCode?: true;
  /** What `--rerun-on code` has made of such a hit. */
  readonly remade?: Remade;
  /**
   * The step at which it goes on, and from whose state: its own checkpoint, or another node's of its chain. Of one that is
   * running the step of its newest checkpoint.
   */
  readonly fromStep?: number;
  readonly fromKey?: string;
  /** The share of its own steps that is done, where its checkpoint says of how many. */
  readonly doneShare?: number;
  /** Bytes of its files that these steps have put into the store. */
  readonly storedBytes?: number;
  /** What the steps before took, where it is known. */
  readonly fromSeconds?: number;
  /** The node on whose way it is made: a longer one of its chain. */
  readonly by?: string;
  /** Of a node that is not there. */
  readonly because?: Reason;
}

/** An explanation with its words, as JSON has it. */
export type Reason = Explanation & { readonly inWords: readonly string[] };

export interface Known {
  readonly store: Store | undefined;
  readonly records: Records;
  readonly earlier: readonly EarlierResult[];
}

export function prospectsOf(plan: Plan, { store, records, earlier }: Known): Prospect[] {
  const explain = explainer(plan, asEarlier(earlier));
  const wording = wordingOf(plan);
  const pruned = prunedNodes(store, plan);
  const remade = remadeNodes(plan, store, records);
  const missing = byChain(
    plan.nodes.filter(({ key, id }) => !records.has(key) && !pruned.has(id)),
    (node) => node,
  );
  const chains = new Map(missing.flatMap((chain) => chain.map((node) => [node, chain] as const)));
  return plan.nodes.map((node): Prospect => {
    const record = records.get(node.key);
    if (record) {
      const says = ['hit', figures(record.metrics)].filter(Boolean).join(': ');
      const isOther = isOtherCode(store, record);
      const again = remade.get(node);
      return {
        ...{ node, state: 'hit', says, seconds: record.seconds },
        ...(isOther && { otherCode: true }),
        ...(again && { remade: again }),
      };
    }
    const explanation = explain(node);
    const because = { ...explanation, inWords: reasonInWords(explanation, wording) };
    const holder = store && leaseHolder(store, node.key);
    if (holder) {
      const says = `running in process ${holder.pid} on ${holder.host}, run ${holder.run}`;
      return { node, state: 'running', says, because, ...doneBefore(newestCheckpoint(store, node.key), store) };
    }
    const short = inShort(explanation, wording);
    if (pruned.has(node.id)) {
      const says = 'its cell was pruned; `run --no-prune` continues it';
      return { node, state: 'pruned', says, because };
    }
    const chain = chains.get(node) ?? [node];
    const carrier = chain.at(-1) ?? node;
    if (carrier !== node)
      return { node, state: 'to run', says: `to run, on the way of ${carrier.id}: ${short}`, by: carrier.id, because };
    const beginning = store && furthestState(store, node, chain[0]?.chain?.at ?? Number.POSITIVE_INFINITY);
    if (beginning) {
      const says = `${continuesFrom(node, beginning, wording)}: ${short}`;
      const { key: fromKey, step: fromStep, seconds } = beginning;
      const done =
        fromKey === node.key
          ? doneBefore(beginning, store)
          : { fromStep, ...(seconds !== undefined && { fromSeconds: seconds }) };
      return { node, state: 'to continue', says, fromKey, ...done, because };
    }
    return { node, state: 'to run', says: `to run: ${short}`, because };
  });
}

/** What a node's own checkpoint says is done. */
function doneBefore(
  checkpoint: Checkpoint | undefined,
  store: Store,
): Pick<Prospect, 'fromStep' | 'fromSeconds' | 'doneShare' | 'storedBytes'> {
  if (!checkpoint) return {};
  const { step, of, seconds, state } = checkpoint;
  const storedBytes = bytesStoredBySteps(store, state.values);
  return {
    fromStep: step,
    ...(seconds !== undefined && { fromSeconds: seconds }),
    ...(of !== undefined && of > 0 && { doneShare: step / of }),
    ...(storedBytes > 0 && { storedBytes }),
  };
}

function continuesFrom({ key: own }: PlanNode, { key, step, finished }: Beginning, { nodeId }: Wording): string {
  if (key === own) return `to continue after step ${step}`;
  const whose = nodeId(key) ?? `key ${key.slice(0, 8)}`;
  return finished
    ? `continues from step ${step} of ${whose}, where that ended`
    : `continues from step ${step} of ${whose}, which is unfinished`;
}

function asEarlier(results: readonly EarlierResult[]): EarlierResults {
  const byKey = new Map(results.map(({ key, manifest }) => [key, manifest]));
  return {
    manifestOf: (key) => byKey.get(key),
    ofStage: (stage) => results.filter(({ manifest }) => manifest.stage === stage),
  };
}

export function wordingOf(plan: Plan): Wording {
  const ids = new Map(plan.nodes.map(({ key, id }) => [key, id]));
  return { nodeId: (key) => ids.get(key), defaultOf };
}

export function defaultOf(stage: string, path: string): Json | undefined {
  const kind = stageKind(stage);
  let value: Json | undefined = kind && defaultsOf(kind.parameters);
  for (const name of path.split('.'))
    value =
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Record<string, Json>)[name]
        : undefined;
  return value;
}

function reasonInWords(explanation: Explanation, wording: Wording): string[] {
  switch (explanation.why) {
    case 'first':
      return [`The store has no result of stage ${explanation.stage} yet.`];
    case 'damaged':
      return ['Its result is on record, but some of its files are gone or cut.'];
    case 'differs':
      return explanation.changes.map((change: Change) => changeInWords(change, wording));
  }
}
