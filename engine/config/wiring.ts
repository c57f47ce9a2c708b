/** The inputs of a cell's stages: each must name a stage that makes the right thing, and none may wait for itself. */
import type { DataSummary } from '../../data/data-set.ts';
import { asStageSees } from '../../stages/input-roles.ts';
import { outputsOf } from '../../stages/outputs.ts';
import type { InputStage, StageKind } from '../../stages/stage.ts';
import { upstreamFirst } from '../plan/build.ts';
import type { ResolvedStage } from '../plan/experiment.ts';
import { namedIn } from './named-inputs.ts';
import { nearest } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { StageTree } from './stage-tree.ts';
import { type Found, get, locate, type Span, type TreeMap } from './tree.ts';

export interface WiredStage {
  readonly tree: StageTree;
  /** Undefined when its parameters were wrong; its wiring is checked all the same. */
  readonly resolved: ResolvedStage | undefined;
}

/** The stages so that each comes after its inputs; undefined when something is wrong. */
export function wire(
  stages: readonly WiredStage[],
  names: readonly string[],
  problems: Problems,
  data?: DataSummary,
): ResolvedStage[] | undefined {
  const byName = new Map(stages.map((stage) => [stage.tree.name, stage]));
  const before = problems.count;
  let refused = false;
  for (const { tree } of stages)
    for (const [role, input] of Object.entries(tree.kind.inputs)) {
      const seen = new Set<string>();
      for (const found of namedIn(tree.map, role, input)) {
        if (found.tree.type !== 'scalar') continue;
        const name = found.tree.value;
        // What is already reported names nothing.
        if (found.tree.refused) refused = true;
        if (found.tree.refused || typeof name !== 'string') continue;
        if (seen.has(name)) namedTwice(found, role, name, problems);
        seen.add(name);
        const upstream = byName.get(name);
        if (upstream) checkType(found, role, input.type, upstream, problems);
        else if (!names.includes(name)) unknownStage(found, role, name, input.type, stages, tree, problems);
      }
    }
  if (refused || problems.count > before) return undefined;
  if (refuseCircle(stages, byName, problems)) return undefined;
  const resolved = stages.flatMap((stage) => stage.resolved ?? []);
  if (resolved.length === names.length) checkInputRules(stages, byName, problems, data);
  if (problems.count > before) return undefined;
  return resolved.length === names.length ? upstreamFirst(resolved) : undefined;
}

function namedTwice(found: Found, role: string, name: string, problems: Problems): void {
  problems.found(found, 'value', 'NAMED_TWICE', `The input \`${role}\` names the stage \`${name}\` twice.`);
}

function checkType(found: Found, role: string, type: string, stage: WiredStage, problems: Problems): void {
  const { tree: upstream } = stage;
  const made = Object.values(outputsOfWired(stage)).map((output) => output.type);
  if (made.some((output) => output === type)) return;
  problems.found(
    found,
    'value',
    'WRONG_INPUT',
    `The input \`${role}\` takes ${type}, but the stage \`${upstream.name}\` (${upstream.kind.kind}) makes ${made.join(', ') || 'nothing'}.`,
    { related: [{ message: `\`${upstream.name}\` is written here`, span: upstream.key }] },
  );
}

/** All that there may be where its parameters are wrong. */
function outputsOfWired({ tree, resolved }: WiredStage): StageKind['outputs'] {
  return resolved ? outputsOf(tree.kind, resolved.params) : tree.kind.outputs;
}

function unknownStage(
  found: Found,
  role: string,
  name: string,
  type: string,
  stages: readonly WiredStage[],
  self: StageTree,
  problems: Problems,
): void {
  const fitting = stages
    .filter(
      (stage) => stage.tree !== self && Object.values(outputsOfWired(stage)).some((output) => output.type === type),
    )
    .map(({ tree }) => tree.name);
  const near = nearest(name, [...fitting, ...stages.map(({ tree }) => tree.name)]);
  const help = near
    ? `Did you mean \`${near}\`?`
    : fitting.length > 0
      ? `Stages that make ${type}: ${fitting.map((fit) => `\`${fit}\``).join(', ')}.`
      : `No stage of this experiment makes ${type}.`;
  problems.found(
    found,
    'value',
    'UNKNOWN_INPUT',
    `The input \`${role}\` names \`${name}\`, which is no stage of this experiment.`,
    { help },
  );
}

/** Reports the first circle that it finds, once for each stage that closes one. */
function refuseCircle(
  stages: readonly WiredStage[],
  byName: ReadonlyMap<string, WiredStage>,
  problems: Problems,
): boolean {
  const done = new Set<string>();
  let circles = 0;
  const visit = ({ tree }: WiredStage, chain: readonly string[]): void => {
    if (done.has(tree.name)) return;
    const named = Object.entries(tree.kind.inputs).flatMap(([role, input]) => namedIn(tree.map, role, input));
    for (const found of named) {
      const upstream = found.tree.type === 'scalar' ? byName.get(String(found.tree.value)) : undefined;
      if (!upstream) continue;
      const here = [...chain, tree.name];
      const start = here.indexOf(upstream.tree.name);
      if (start < 0) visit(upstream, here);
      else {
        circles += 1;
        const circle = [...here.slice(start), upstream.tree.name].map((stage) => `\`${stage}\``).join(' needs ');
        problems.found(found, 'value', 'CYCLE', `Stages wait for each other in a circle: ${circle}.`);
      }
    }
    done.add(tree.name);
  };
  for (const stage of stages) visit(stage, []);
  return circles > 0;
}

/** What a stage's parameters must have to do with those of the stages that it reads. */
function checkInputRules(
  stages: readonly WiredStage[],
  byName: ReadonlyMap<string, WiredStage>,
  problems: Problems,
  data: DataSummary | undefined,
): void {
  for (const { tree, resolved } of stages) {
    if (!resolved || !tree.kind.inputRules) continue;
    const inputs = inputsOf(tree.kind, resolved, byName);
    const named = new Set(tree.map.entries.keys());
    for (const { path, message, against } of tree.kind.inputRules(resolved.params, inputs, named, data)) {
      const found = locate({ ...tree.map, span: tree.key }, written(tree.map, path));
      const upstream = against && byName.get(inputs[against.role]?.name ?? '');
      const related = upstream && against ? [writtenIn(upstream.tree, against.path)] : [];
      problems.found(found, found.found ? 'value' : 'key', 'RULE', message, { related });
    }
  }
}

/** The first of several may be written without a list. */
function written(map: TreeMap, path: readonly (string | number)[]): readonly (string | number)[] {
  const [role, index, ...rest] = path;
  return index === 0 && get(map, String(role))?.type === 'scalar' ? [role as string, ...rest] : path;
}

/** As the stage will see them. */
function inputsOf(
  kind: StageKind,
  { inputs }: ResolvedStage,
  byName: ReadonlyMap<string, WiredStage>,
): Record<string, InputStage> {
  const found = Object.entries(inputs).flatMap(([role, name]): [string, InputStage][] => {
    const { tree, resolved } = byName.get(name) ?? {};
    if (!tree || !resolved) return [];
    const upstream = inputsOf(tree.kind, resolved, byName);
    return [[role, { name, kind: resolved.kind, params: resolved.params, inputs: upstream }]];
  });
  return asStageSees(kind, Object.fromEntries(found));
}

function writtenIn({ name, key, map }: StageTree, path: readonly (string | number)[]): { message: string; span: Span } {
  const found = locate(map, path);
  return found.found
    ? { message: `\`${path.join('.')}\` of \`${name}\``, span: found.tree.span }
    : { message: `\`${name}\` has the default of \`${path.join('.')}\``, span: key };
}
