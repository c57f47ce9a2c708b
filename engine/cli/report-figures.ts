/** Figures of a side of `report`: from the records of its nodes, and from the events of the runs that computed them. */

import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import type { Figure } from '../report/html/chart.ts';
import { metricCurves, progressCharts, slug } from '../report/html/figures.ts';
import { type Points, progressOf } from '../report/html/progress.ts';
import { type TimedPicture, tilesOverTime } from '../report/html/tiles.ts';
import type { ResultTable } from '../report/table.ts';
import { usesOfKey } from '../store/key-uses.ts';
import type { KeyRecord } from '../store/keys.ts';
import { readObject } from '../store/objects.ts';
import { eventsPath, readRunEvents } from '../store/run-events.ts';
import type { Store } from '../store/store.ts';
import type { Records } from './results.ts';

/** Of each stage the nodes of the first set and its first evaluation: one line a cell. */
export async function figuresOf(
  plan: Plan,
  table: ResultTable,
  records: Records,
  store: Store | undefined,
): Promise<Figure[]> {
  if (!store) return [];
  const shown = plan.nodes.filter(({ uses }) =>
    uses.some(({ set = 1, evaluation = 1, at }) => set === 1 && evaluation === 1 && at === undefined),
  );
  return [
    metricCurves(table, plan),
    ...progressCharts(plan, shown, await progressOfNodes(shown, store)),
    ...shown.map((node) => overTime(node, plan, records, store)),
  ].flatMap((figure) => figure ?? []);
}

/** A node's steps are in the events of the run that computed it, which need not be the one that is looked at. */
async function progressOfNodes(nodes: readonly PlanNode[], store: Store): Promise<Map<string, Map<string, Points>>> {
  const byRun = new Map<string, Map<string, string>>();
  for (const { id, key } of nodes) {
    const [use] = await usesOfKey(store, key);
    if (use) byRun.set(use.run, (byRun.get(use.run) ?? new Map()).set(use.node, id));
  }
  const found = new Map<string, Map<string, Points>>();
  for (const [run, names] of byRun) {
    const { events } = readRunEvents(eventsPath(store, run));
    for (const [node, figures] of progressOf(events, (name) => names.has(name)))
      found.set(names.get(node) ?? node, figures);
  }
  return found;
}

/** Where the stage began, its snapshots, and its end. */
function overTime(end: PlanNode, plan: Plan, records: Records, store: Store): Figure | undefined {
  const { chain } = end;
  if (!chain) return undefined;
  const earlier = plan.nodes
    .filter((node) => node.chain?.id === chain.id && node.chain.at < chain.at)
    .sort((a, b) => (a.chain?.at ?? 0) - (b.chain?.at ?? 0));
  const pictures = [...earlier, end].flatMap((node) => {
    const record = records.get(node.key);
    return record ? picturesOf(record, store, String(node.chain?.at ?? '')) : [];
  });
  // The same picture of where it began is beside each snapshot.
  const before = pictures.find(({ label }) => label === BEFORE);
  const after = pictures.filter(({ label }) => label !== BEFORE);
  if (after.length === 0) return undefined;
  return tilesOverTime(
    `${slug(plan.experiment.name)}-images-${slug(end.id)}`,
    `${end.id}: the first image of each class over steps`,
    [...(before ? [before] : []), ...after],
  );
}

const BEFORE = '0';

function picturesOf({ artifacts }: KeyRecord, store: Store, at: string): TimedPicture[] {
  return Object.values(artifacts).flatMap((files) => {
    const set = Object.entries(files).find(([name]) => name.endsWith('.safetensors'));
    const bytes = set && readObject(store, set[1].sha256);
    const decoded = bytes?.ok ? decodeSafetensors(bytes.value) : undefined;
    if (!decoded?.ok) return [];
    const { tensors, metadata } = decoded.value;
    const classes = Number(metadata.classes);
    const imagesPerClass = (tensors.images?.shape[0] ?? 0) / classes;
    if (!Number.isInteger(imagesPerClass) || imagesPerClass < 1) return [];
    return Object.entries(files).flatMap(([name, { sha256 }]) => {
      if (!name.endsWith('.png')) return [];
      const png = readObject(store, sha256);
      const label = /before|start/.test(name) ? BEFORE : at;
      return png.ok ? [{ label, png: png.value, classes, imagesPerClass }] : [];
    });
  });
}
