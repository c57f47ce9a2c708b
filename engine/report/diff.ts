/**
 * Two runs, slices or files against each other: what differs in the configuration, what in the results, and whether the
 * first explains the second. Results are B - A, cell by cell, all of them one family for Holm's adjustment. Means of
 * unlike things (other data, other networks) stand side by side but are not subtracted.
 */
import type { JsonObject } from '../../base/json.ts';
import { type ConfigurationChange, configurationChanges, type Labels } from '../plan/configuration-changes.ts';
import { type AlignedCells, alignCells, cellsOf, type Side } from './diff-cells.ts';
import { differenceFrom, type Group, type GroupSummary, groupsOf, hasValue, metricNames, summaryOf } from './groups.ts';
import { describeNetwork } from './network-wording.ts';
import { type Difference, holm } from './statistics.ts';

export type { Side } from './diff-cells.ts';

export interface Diff {
  readonly schema: 'retort-diff/1';
  readonly a: SideName;
  readonly b: SideName;
  readonly metric: string;
  /** Whether figures are those of the end, or of the best snapshot, in A and in B. */
  readonly selects: readonly ('last' | 'best')[];
  readonly configuration: readonly ConfigurationChange[];
  readonly axes: readonly string[];
  readonly results: readonly ResultChange[];
  /** Cells without a partner. */
  readonly onlyA: readonly Labels[];
  readonly onlyB: readonly Labels[];
  /** How many differences were tested together. */
  readonly family: number;
  readonly different: boolean;
}

interface SideName {
  readonly name: string;
  readonly experiment: string;
  readonly file: string;
  readonly slice: Labels;
  readonly cells: number;
}

export interface ResultChange {
  readonly labels: Labels;
  readonly stage: string;
  readonly a: GroupSummary;
  readonly b: GroupSummary;
  /** Every figure that both have comes from the same key: one computation, not two that agree. */
  readonly same: boolean;
  /** Why there is no difference though both have figures. */
  readonly unlike?: string;
  readonly difference?: Difference & { readonly adjustedP?: number };
}

export function diff(a: Side, b: Side, wanted?: string): Diff {
  const cells = alignCells(a, b);
  const metric =
    wanted ?? a.plan.metric ?? b.plan.metric ?? metricNames(a.plan, a.figures)[0] ?? metricNames(b.plan, b.figures)[0];
  const configuration = configurationChanges(a.plan, b.plan, cells.pairs);
  const results = adjusted(resultChanges(a, b, cells, metric ?? 'accuracy'));
  const name = (side: Side): SideName => {
    const { name: label, file } = side.plan.experiment;
    return { name: side.name, experiment: label, file, slice: side.slice, cells: cellsOf(side).length };
  };
  return {
    schema: 'retort-diff/1',
    a: name(a),
    b: name(b),
    metric: metric ?? 'accuracy',
    selects: [a.plan.select ?? 'last', b.plan.select ?? 'last'],
    configuration,
    axes: cells.axes,
    results,
    onlyA: cells.onlyA.map(({ axes }) => axes),
    onlyB: cells.onlyB.map(({ axes }) => axes),
    family: results.filter(({ difference }) => difference?.p !== undefined).length,
    different:
      configuration.length + cells.onlyA.length + cells.onlyB.length > 0 ||
      results.some((result) => isDifferent(result)),
  };
}

function isDifferent({ a, b, same }: ResultChange): boolean {
  return a.evaluated !== b.evaluated || (!same && a.summary?.mean !== b.summary?.mean);
}

function resultChanges(a: Side, b: Side, { pairs }: AlignedCells, metric: string): ResultChange[] {
  const [ours, theirs] = [groupsOf(a.plan, a.figures, metric), groupsOf(b.plan, b.figures, metric)];
  const of = (groups: readonly Group[], cell: string) => groups.filter((group) => group.cell.id === cell);
  return pairs.flatMap(({ labels, a: cellA, b: cellB }) =>
    of(ours, cellA.id).flatMap((group): ResultChange[] => {
      const other = of(theirs, cellB.id).find(({ stage }) => stage === group.stage);
      if (!other) return [];
      const unlike = unlikeness(a, b, group, other);
      const same = isSame(group, other);
      const found = unlike === undefined && !same ? differenceFrom(other, group) : undefined;
      return [
        {
          labels,
          stage: group.stage,
          a: summaryOf(group, a),
          b: summaryOf(other, b),
          same,
          ...(unlike !== undefined && { unlike }),
          ...(found && { difference: found }),
        },
      ];
    }),
  );
}

function isSame(ours: Group, theirs: Group): boolean {
  const place = ({ set, evaluation }: Group['points'][number]) => `${set}/${evaluation}`;
  const keys = new Map(theirs.points.filter(hasValue).map((point) => [place(point), point.node.key]));
  const common = ours.points.filter((point) => hasValue(point) && keys.has(place(point)));
  return common.length > 0 && common.every((point) => keys.get(place(point)) === point.node.key);
}

/** An axis that both sides fix is what the user wants compared, so that one may differ in it. */
function unlikeness(a: Side, b: Side, ours: Group, theirs: Group): string | undefined {
  if (a.plan.data.set !== b.plan.data.set) return `other data: ${a.plan.data.set}, ${b.plan.data.set}`;
  if (a.plan.data.digest !== b.plan.data.digest) return `other files of ${a.plan.data.set}`;
  const [select = 'last', theirSelect = 'last'] = [a.plan.select, b.plan.select];
  if (select !== theirSelect) return `the ${select} against the ${theirSelect} of each set`;
  const [network, other] = [ours, theirs].map(({ points }) => describeNetwork(points.map(({ node }) => node.params)));
  const asked = Object.keys(a.slice).some((axis) => axis in b.slice && a.slice[axis] !== b.slice[axis]);
  if (network === other || (asked && kinds(ours) === 1 && kinds(theirs) === 1)) return undefined;
  return `other networks: ${network}, ${other}`;
}

function kinds({ points }: Group): number {
  return new Set(points.map(({ node }) => JSON.stringify((node.params as JsonObject).network))).size;
}

function adjusted(results: readonly ResultChange[]): ResultChange[] {
  const ps = holm(results.flatMap(({ difference }) => (difference?.p === undefined ? [] : [difference.p])));
  let next = 0;
  return results.map((result) =>
    result.difference?.p === undefined
      ? result
      : { ...result, difference: { ...result.difference, adjustedP: ps[next++] ?? 1 } },
  );
}
