/**
 * What of our setting is not the paper's, in words. Equal is only what nothing is found against: a parameter that the
 * paper's setting does not name must be as the kind of stage has it by default, given those that it names.
 */
import { canonicalJson } from '../../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../../base/json.ts';
import { nameOfPart, partNamed } from '../../../data/selection.ts';
import { CONVNET_DEFAULTS } from '../../../nn/networks/convnet.ts';
import { EFFICIENTNET_B0_DEFAULTS } from '../../../nn/networks/efficientnet-b0.ts';
import { MOBILENET_V2_DEFAULTS } from '../../../nn/networks/mobilenet-v2.ts';
import { SHUFFLENET_V2_DEFAULTS } from '../../../nn/networks/shufflenet-v2.ts';
import { WIDE_RESNET_DEFAULTS } from '../../../nn/networks/wide-resnet.ts';
import { namedNetworks } from '../../../nn/registry.ts';
import { stageKinds } from '../../../stages/registry.ts';
import type { PublishedCell, PublishedTable } from './schema.ts';
import type { OurSetting } from './setting.ts';

/**
 * Named elsewhere: the row is of this method and size, and networks are compared as such. Shards of epochs change no label,
 * those of classes the batches alone.
 */
const APART = new Set(['imagesPerClass', 'network', 'epochsPerShard', 'classesPerShard']);

export function differences(ours: OurSetting, table: PublishedTable, cell: PublishedCell): string[] {
  const stages = mergedStages(table.setting.stages, cell.stages);
  const found = new Set<string>();
  const { normalisation, ...part } = partNamed(ours.data.set).selection;
  // A full set is described by its counts alone.
  const whole = /^[^,]* \([\d,]+ train, [\d,]+ test\)$|, not on this machine$/.test(ours.data.description);
  if (!whole || nameOfPart('', part) !== '') found.add(`data: ${ours.data.description}, not the full set`);
  const tested = /([\d,]+) test\)$/.exec(ours.data.description)?.[1]?.replaceAll(',', '');
  const test = cell.testImages ?? table.setting.testImages;
  if (test !== undefined && tested !== undefined && Number(tested) !== test)
    found.add(`data: ${show(Number(tested))} test images instead of ${show(test)}`);
  const constants = cell.normalisation ?? table.setting.normalisation;
  // What is whitened has no use for them.
  if (normalisation !== constants && !('zca' in stages && 'zca' in ours.stages))
    found.add(`data: constants ${normalisation ?? 'of the set'} instead of ${constants ?? 'those of the set'}`);
  if (ours.select !== (table.setting.select ?? 'last'))
    found.add(
      ours.select === 'best'
        ? 'select: the best snapshot, where the paper shows the end'
        : 'select: the end of the run, where the paper shows the best of all evaluations',
    );
  for (const beyond of [...(table.setting.beyond ?? []), ...(cell.beyond ?? [])])
    found.add(`without ${beyond}, for which there is no parameter`);
  if (cell.unknownSetting ?? table.setting.unknownSetting) found.add('not all of the published setting is known');
  for (const [kind, named] of Object.entries(stages)) {
    const theirs = { ...stageKinds.find((known) => known.kind === kind)?.defaults?.(named), ...named };
    const stage = ours.stages[kind];
    if (!stage) {
      found.add(`no \`${kind}\``);
      continue;
    }
    const network = networkOf(table, cell, kind);
    if (network && stage.params.network) networkDifferences(stage.params.network as JsonObject, network, found);
    for (const name of Object.keys({ ...theirs, ...stage.written })) {
      if (APART.has(name)) continue;
      const [own, other] = [stage.params[name], theirs[name]];
      if (name in theirs ? !same(own, other) : name in stage.written)
        found.add(
          `${kind}: ${name} ${show(own)}${name in theirs ? ` instead of ${show(other)}` : ', of which the published setting says nothing'}`,
        );
    }
    if (kind === 'recover') batchDifferences(stage.params, found);
  }
  const backbones = cell.backbones ?? table.setting.backbones;
  if (backbones && 'squeeze' in stages) backboneDifferences(ours.backbones, backbones, found);
  for (const kind of Object.keys(ours.stages)) if (!(kind in stages)) found.add(`\`${kind}\`, which the paper has not`);
  return [...found];
}

/** A batch holds no more classes than its shard; a class has all its images in a few batches of G-VBSM. */
function batchDifferences({ method, classesPerShard, batchSize }: JsonObject, found: Set<string>): void {
  const [classes, batch] = [classesPerShard as number, batchSize as number];
  if (classes > 0 && (method === 'g-vbsm' || classes % batch !== 0))
    found.add(`recover: batches within shards of ${classes} classes instead of among all`);
}

function networkOf(table: PublishedTable, cell: PublishedCell, kind: string): JsonObject | undefined {
  const student = kind === 'evaluate' ? (cell.studentNetwork ?? table.setting.studentNetwork) : undefined;
  return student ?? cell.network ?? table.setting.network;
}

function mergedStages(
  all: Readonly<Record<string, JsonObject>> = {},
  own: Readonly<Record<string, JsonObject>> = {},
): Record<string, JsonObject> {
  const merged: Record<string, JsonObject> = { ...all };
  for (const [kind, params] of Object.entries(own)) merged[kind] = { ...merged[kind], ...params };
  return merged;
}

function networkDifferences(own: JsonObject, theirs: JsonObject, found: Set<string>): void {
  const [a, b] = [whole(own), whole(theirs)];
  if (a.kind !== b.kind) {
    found.add(`network: ${show(a.kind)} instead of ${show(b.kind)}`);
    return;
  }
  for (const name of Object.keys({ ...a, ...b }))
    if (!same(a[name], b[name])) found.add(`network: ${name} ${show(a[name])} instead of ${show(b[name])}`);
}

/** Each of theirs has one of ours, and none is left over. */
function backboneDifferences(own: readonly JsonObject[], theirs: readonly JsonObject[], found: Set<string>): void {
  const without = (all: readonly JsonObject[], taken: readonly JsonObject[]) =>
    all.filter((one) => !taken.some((other) => same(whole(one), whole(other)))).map(titleOf);
  const [missing, added] = [without(theirs, own), without(own, theirs)];
  if (missing.length > 0) found.add(`backbones: no ${missing.join(', ')}`);
  if (added.length > 0) found.add(`backbones: ${added.join(', ')}, which the paper has not`);
}

/** `WRN-16-2`, or what it is written with. */
function titleOf(network: JsonObject): string {
  const [name] = Object.entries(namedNetworks).find(([, spec]) => same(whole({ ...spec }), whole(network))) ?? [];
  return name ?? show(network);
}

const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  convnet: CONVNET_DEFAULTS,
  'wide-resnet': WIDE_RESNET_DEFAULTS,
  'mobilenet-v2': MOBILENET_V2_DEFAULTS,
  'shufflenet-v2': SHUFFLENET_V2_DEFAULTS,
  'efficientnet-b0': EFFICIENTNET_B0_DEFAULTS,
};

/** Defaults of the family that papers write out. */
function whole(network: JsonObject): JsonObject {
  const { groups, ...spec } = { ...DEFAULTS[network.kind as string], ...network } as JsonObject;
  return { ...spec, ...(spec.norm === 'group' && groups !== undefined && { groups }) };
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}

function show(value: Json | undefined): string {
  if (value === undefined) return 'none';
  return typeof value === 'number' && Number.isInteger(value)
    ? value.toLocaleString('en-US')
    : String(typeof value === 'object' ? JSON.stringify(value) : value);
}
