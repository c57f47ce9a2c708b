/**
 * `networks: [convnet, resnet18]` in a stage that takes a `network` is an axis of the grid, `STAGE.network`: the stage
 * then stands once for each of them, with all that reads it, while what it reads stands once. This turns the key into
 * that axis and `network: $STAGE.network`, so nothing behind it knows of lists of networks.
 */
import type { StageKind } from '../../stages/stage.ts';
import { possibleKinds } from './known-keys.ts';
import { type Axis, axisFrom } from './matrix.ts';
import type { Problems } from './problems.ts';
import { described, type Entry, get, type TreeMap, withEntry, withoutEntry } from './tree.ts';

/** What the key says, for editors. */
export const NETWORKS =
  'Several networks, one after the other: a list of names, or a map of named networks. An axis of the grid, `STAGE.network`, on which only this stage and those that read it depend.';

const KEY = 'networks';

/** Whether the key is this one: a kind may have a parameter of that name, which is its own affair. */
export function takesNetworks({ parameters: { properties } }: Pick<StageKind, 'parameters'>): boolean {
  return Object.hasOwn(properties, 'network') && !Object.hasOwn(properties, KEY);
}

export function withNetworkAxes(
  experiment: TreeMap,
  stageKinds: readonly StageKind[],
  problems: Problems,
): { readonly experiment: TreeMap; readonly axes: readonly Axis[] } {
  const stages = get(experiment, 'stages');
  if (stages?.type !== 'map') return { experiment, axes: [] };
  const axes: Axis[] = [];
  let rewritten = stages;
  for (const [name, entry] of stages.entries) {
    const listed = entry.value.type === 'map' ? entry.value.entries.get(KEY) : undefined;
    if (entry.value.type !== 'map' || !listed) continue;
    const kinds = possibleKinds(experiment, entry.value, stageKinds);
    // What takes no network, or has a parameter of that name, is left to the check of its keys.
    if (!kinds.some(takesNetworks) || kinds.some((kind) => Object.hasOwn(kind.parameters.properties, KEY))) continue;
    const without = withoutEntry(entry.value, KEY);
    const value = described(listed.value) === 'nothing' ? without : withAxis(name, without, listed, axes, problems);
    rewritten = withEntry(rewritten, name, { ...entry, value });
  }
  if (rewritten === stages) return { experiment, axes };
  const { key } = experiment.entries.get('stages') as Entry;
  return { experiment: withEntry(experiment, 'stages', { key, value: rewritten }), axes };
}

function withAxis(name: string, stage: TreeMap, listed: Entry, axes: Axis[], problems: Problems): TreeMap {
  const own = stage.entries.get('network');
  if (own)
    problems.at(own.key, 'RULE', `The stage \`${name}\` has both \`network\` and \`${KEY}\`.`, {
      help: 'Leave one of them out.',
      related: [{ message: 'the other is written here', span: listed.key }],
    });
  const axisName = `${name}.network`;
  const axis = axisFrom(axisName, listed, problems, {
    words: `\`${KEY}\` of the stage \`${name}\``,
    key: KEY,
  });
  const text = axis ? `$${axisName}` : '';
  const reference = { type: 'scalar', span: listed.key, value: text, text, quoted: false, refused: !axis } as const;
  if (axis) axes.push({ ...axis, ofStage: true });
  return withEntry(stage, 'network', { key: listed.key, value: reference });
}
