/**
 * `plan --probe`: where nothing is known of a kind of work, a few steps of it are run in a store that is thrown away, one
 * node of each of its settings. A node needs its inputs: those in the user's store are lent, those that a probe has made on
 * its way to the end are there as well, and a node that lacks one is not run. Nothing of it is kept.
 */
import { dirname, join, resolve } from 'node:path';
import { openLocalExecutor } from '../executors/local/executor.ts';
import type { PastResult } from '../plan/estimate.ts';
import type { LimitsOf } from '../plan/limits.ts';
import type { PlanNode } from '../plan/plan.ts';
import { kindOfWork, workName } from '../plan/work-groups.ts';
import { duration } from '../report/wording.ts';
import { thisMachine } from '../run/machine.ts';
import { probe, type Timed } from '../run/probe.ts';
import { type KeyRecord, readKey } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { interruption } from './interrupt.ts';
import { tell } from './output.ts';
import type { Prepared } from './prepare.ts';
import { type PlanPrice, unitsOf } from './price.ts';
import type { Records } from './results.ts';
import { type ThrowAwayStore, throwAwayStore } from './throw-away-store.ts';

export interface ProbeSubject extends Prepared {
  readonly records: Records;
  readonly price: PlanPrice;
  readonly limits: LimitsOf;
}

export interface ProbedNode extends Timed {
  readonly node: string;
}

export interface NotProbed {
  readonly stage: string;
  readonly why: string;
}

export interface Probes {
  readonly probed: readonly ProbedNode[];
  /** Stages that stay without a price. */
  readonly notProbed: readonly NotProbed[];
  readonly results: readonly PastResult[];
  readonly interrupted: boolean;
}

/** Settings of one kind of work that are tried; others are priced by the nearest of them. */
const MOST_SETTINGS = 6;

export async function probeUnknown(subjects: readonly ProbeSubject[], store: Store | undefined): Promise<Probes> {
  const interrupt = interruption();
  const lent = throwAwayStore('probe');
  const executor = openLocalExecutor();
  const probed: ProbedNode[] = [];
  const results: PastResult[] = [];
  const reasons = new Map<string, NotProbed>();
  const tried = new Map<string, Set<string>>();
  try {
    for (const subject of subjects) {
      const name = workName({ plan: subject.plan, history: [], unitsOf });
      for (const { node, costs } of subject.price.nodes) {
        if (costs !== 'unknown' || interrupt.signal.aborted) continue;
        const kind = kindOfWork(node.manifest);
        const settings = tried.get(kind) ?? new Set();
        tried.set(kind, settings);
        if (settings.has(name(node)) || settings.size >= MOST_SETTINGS) continue;
        const { stage } = node.manifest;
        const obstacle = whyNot(node, subject) ?? lendInputs(node, subject, store, lent);
        if (obstacle !== undefined) {
          if (!reasons.has(kind)) reasons.set(kind, { stage, why: obstacle });
          continue;
        }
        settings.add(name(node));
        const found = await probe(executor, requestOf(node, subject, lent.store), interrupt.signal);
        if (!found.ok) {
          reasons.set(kind, { stage, why: found.why });
          continue;
        }
        const { timed } = found;
        probed.push({ node: node.id, ...timed });
        tell(`${probeWords(node.id, timed)}\n`);
        results.push(resultOf(node, timed, readKey(lent.store, node.key)));
      }
    }
  } finally {
    await executor.close();
    lent.remove();
    interrupt.close();
  }
  const known = new Set(results.map(({ manifest }) => kindOfWork(manifest)));
  const notProbed = [...reasons].flatMap(([kind, reason]) => (known.has(kind) ? [] : [reason]));
  return { probed, notProbed, results, interrupted: interrupt.signal.aborted };
}

function whyNot(node: PlanNode, { unseen, limits }: ProbeSubject): string | undefined {
  if (unseen) return 'the data are not here';
  // It may do whatever it likes, also outside the folder that it is given.
  if (node.manifest.stage === 'command') return 'a program of your own is not started for a price';
  const { gpus = 0 } = limits(node);
  const has = thisMachine().gpus.length;
  return gpus > has ? `it needs ${gpus} GPUs, and this machine has ${has}` : undefined;
}

/** What is lacking, if anything is. */
function lendInputs(
  { inputs, manifest }: PlanNode,
  { records }: ProbeSubject,
  store: Store | undefined,
  lent: ThrowAwayStore,
): string | undefined {
  for (const [role, id] of Object.entries(inputs)) {
    const key = manifest.inputs[role] ?? '';
    if (readKey(lent.store, key)) continue;
    const record = records.get(key);
    if (!record || !store) return `it waits for its inputs: ${id} is not made yet`;
    lent.lend(store, record);
  }
  return undefined;
}

function requestOf(node: PlanNode, { plan, data, limits }: ProbeSubject, { folder }: Store) {
  const { memory, gpus } = limits(node);
  return {
    ...{ run: 'probe', store: folder, node, attempt: 1, backend: plan.backend, stageModules: [] },
    data: { set: plan.data.set, folder: data.folder },
    folder: dirname(resolve(plan.experiment.file)),
    log: join(folder, 'probe.log'),
    checkpoints: { everySeconds: 3600 },
    ...(memory !== undefined && { memory }),
    ...(gpus !== undefined && { gpus: thisMachine().gpus.slice(0, gpus) }),
  };
}

function resultOf({ key, manifest }: PlanNode, { whole }: Timed, made: KeyRecord | undefined): PastResult {
  const files = Object.values(made?.artifacts ?? {}).flatMap((role) => Object.values(role));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { key, manifest, seconds: whole, probe: true, ...(made && { bytes }) };
}

export function probeWords(node: string, { steps, of, seconds, whole, finished }: Timed): string {
  if (finished) return `Probe of ${node}: all of it in ${duration(whole)}.`;
  return `Probe of ${node}: ${steps} of ${of} steps in ${duration(seconds)}; all of it about ${duration(whole)}.`;
}
