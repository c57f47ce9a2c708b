/**
 * A stage with a list of networks stands at each of them, the others do not: a cell that has values of such axes falls into
 * parts, one for each set of them on which some last stage depends, and a part has only those and what they read. Without
 * that, a stage would be shown once for every network of another one. Parts of several cells may be equal: they are one.
 */
import type { ResolvedStage } from '../plan/experiment.ts';
import type { Combination } from './matrix.ts';

export interface CellPart {
  readonly cell: Combination;
  readonly stages: readonly ResolvedStage[];
}

/** `stages` so that each comes after its inputs; `brought` are the axes of stages. */
export function partsOf(
  cell: Combination,
  stages: readonly ResolvedStage[],
  brought: ReadonlySet<string>,
): readonly CellPart[] {
  if (brought.size === 0 || stages.length === 0) return [{ cell, stages }];
  const inputsOf = ({ inputs }: ResolvedStage): string[] => Object.values(inputs).flat();
  const depends = new Map<string, ReadonlySet<string>>();
  for (const stage of stages) {
    const above = inputsOf(stage).flatMap((name) => [...(depends.get(name) ?? [])]);
    depends.set(stage.name, new Set([...(stage.axes ?? []).filter((axis) => brought.has(axis)), ...above]));
  }
  const read = new Set(stages.flatMap(inputsOf));
  const parts = new Map<string, { readonly axes: ReadonlySet<string>; readonly wanted: Set<string> }>();
  for (const { name } of stages) {
    if (read.has(name)) continue;
    const axes = depends.get(name) ?? new Set();
    const key = [...axes].sort().join();
    const part = parts.get(key) ?? { axes, wanted: new Set() };
    part.wanted.add(name);
    parts.set(key, part);
  }
  return [...parts.values()].map(({ axes, wanted }) => {
    // From the last stages upwards.
    for (const stage of [...stages].reverse())
      if (wanted.has(stage.name)) for (const name of inputsOf(stage)) wanted.add(name);
    return {
      cell: new Map([...cell].filter(([axis]) => !brought.has(axis) || axes.has(axis))),
      stages: stages.filter(({ name }) => wanted.has(name)),
    };
  });
}
