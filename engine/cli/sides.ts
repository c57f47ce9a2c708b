/**
 * What `compare` and `diff` look at: runs by their frozen plans, files as they are now, each of them or a slice of it,
 * `RUN:axis=value[,axis=value]`.
 */
import { statSync } from 'node:fs';
import { fail } from '../../base/result.ts';
import { nearFile } from '../config/near-file.ts';
import { suggestion } from '../config/nearest.ts';
import type { Plan } from '../plan/plan.ts';
import type { Side } from '../report/diff.ts';
import { type Mishaps, type NodeEnd, nodeEnds } from '../report/node-ends.ts';
import { prunedNodes } from '../store/prune-marks.ts';
import { eventsPath, readRunEvents } from '../store/run-events.ts';
import type { RunFolder } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Arguments } from './arguments.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { findRun } from './find-run.ts';
import { tellFailure, tellUsage } from './output.ts';
import { prepare } from './prepare.ts';
import { recordsOf } from './results.ts';
import type { Told } from './told.ts';

export interface Named {
  readonly name: string;
  /** Run or file, without the slice. */
  readonly of: string;
  readonly slice: Readonly<Record<string, string>>;
}

/** Undefined where what stands behind the colon is no slice. */
export function parseSide(name: string): Named | undefined {
  // Behind a file's ending, if there is one: `C:\\grid.yaml` has no slice.
  const at = name.indexOf(':', Math.max(0, name.search(/\.ya?ml(:|$)/i)));
  if (at < 0 || isFile(name)) return { name, of: name, slice: {} };
  const parts = name
    .slice(at + 1)
    .split(',')
    .map((part) => /^([^=]+)=(.+)$/.exec(part.trim()));
  if (parts.some((part) => !part)) return undefined;
  return { name, of: name.slice(0, at), slice: Object.fromEntries(parts.map((part) => [part?.[1], part?.[2]])) };
}

export function isFile(name: string): boolean {
  return /\.ya?ml$/i.test(name) || (statSync(name, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** In the order given. */
export async function sidesOf(
  named: readonly Named[],
  overrides: readonly string[],
  store: Store | undefined,
  args: Arguments,
  command: string,
): Promise<Told<Side[]>> {
  const files = [...new Set(named.map(({ of }) => of).filter(isFile))];
  const prepared = files.length > 0 ? await prepare({ files, overrides }, args) : { ok: true as const, value: [] };
  if (!prepared.ok) return prepared;
  const sides: Side[] = [];
  for (const { name, of, slice } of named) {
    const current = isFile(of) ? prepared.value.find(({ experiment }) => experiment.file === of)?.plan : undefined;
    const found = current ? { plan: current, mishaps: { pruned: prunedNodes(store, current) } } : runNamed(of, store);
    if (!found) return { ok: false, exit: EXIT.usage };
    if ('exit' in found) return { ok: false, exit: found.exit };
    const wrong = wrongSlice(found.plan, slice);
    if (wrong !== undefined) {
      tellUsage(`${name}: ${wrong}`, command);
      return { ok: false, exit: EXIT.usage };
    }
    const records = recordsOf(store, found.plan);
    sides.push({ name, plan: found.plan, slice, figures: (node) => records.get(node.key)?.metrics, ...found.mishaps });
  }
  return { ok: true, value: sides };
}

function runNamed(name: string, store: Store | undefined): { plan: Plan; mishaps: Mishaps } | { exit: number } {
  const run = store ? findRun(store, name) : fail('STORE_RUN_MISSING', `There is no store yet, so no run \`${name}\`.`);
  if (run.ok) return { plan: run.value.plan, mishaps: mishapsOf(run.value) };
  const file = run.error.code === 'STORE_RUN_MISSING' ? nearFile(name) : undefined;
  tellFailure(file === undefined ? run.error : { ...run.error, help: `Did you mean the file \`${file}\`?` });
  return { exit: exitCodeOf(run.error) };
}

/** What failed or was pruned when the run was last at it. */
export function mishapsOf(run: RunFolder): Mishaps {
  const ends = nodeEnds(readRunEvents(eventsPath(run.store, run.id), { brief: true }).events);
  const of = (wanted: NodeEnd) => new Set([...ends].flatMap(([node, end]) => (end === wanted ? [node] : [])));
  return { failed: of('failed'), pruned: of('pruned') };
}

function wrongSlice(plan: Plan, slice: Readonly<Record<string, string>>): string | undefined {
  for (const [axis, label] of Object.entries(slice)) {
    const labels = plan.axes[axis];
    const axes = Object.keys(plan.axes);
    if (!labels) return `there is no axis \`${axis}\`. ${suggestion(axis, axes, 'Axes') ?? ''}`.trim();
    if (!labels.includes(label))
      return `the axis \`${axis}\` has no value \`${label}\`. ${suggestion(label, labels, 'Values') ?? ''}`.trim();
  }
  return undefined;
}
