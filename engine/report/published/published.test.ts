import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../../base/package-root.ts';
import { unwrap } from '../../../base/result.ts';
import { dataSetNames } from '../../../data/registry.ts';
import { stageKinds } from '../../../stages/registry.ts';
import { differences } from './differences.ts';
import { parsePublished } from './schema.ts';
import type { OurSetting } from './setting.ts';

const path = join(packageRoot(), 'experiments/published.json');
const published = unwrap(parsePublished(readFileSync(path, 'utf8'), path));

it('has every method, and cells that differ in size or setting', () => {
  const methods = new Set(published.tables.map(({ method }) => method));
  for (const method of ['dd', 'dc', 'dsa', 'dm', 'mtt', 'tesla', 'sre2l', 'cda', 'g-vbsm'])
    expect(methods).toContain(method);
  for (const { method, cells } of published.tables) {
    const names = cells.map(({ value, std, table, ...of }) => JSON.stringify(of));
    expect(new Set(names).size, method).toBe(names.length);
  }
});

it('names data sets that there are, or that are too large to come with a reader', () => {
  const known = [...dataSetNames, 'imagenet-1k', 'imagenet-21k'];
  for (const { cells } of published.tables) for (const { data } of cells) expect(known).toContain(data);
});

it('speaks of parameters in the names that stages give them', () => {
  for (const { method, setting, cells } of published.tables)
    for (const { stages = {} } of [setting, ...cells])
      for (const [kind, params] of Object.entries(stages)) {
        const known = stageKinds.find((stage) => stage.kind === kind)?.parameters.properties;
        if (known)
          for (const name of Object.keys(params)) expect(Object.keys(known), `${method}: ${kind}`).toContain(name);
      }
});

it('refuses a file that lacks a figure, and says where', () => {
  const { tables } = published;
  const broken = { ...published, tables: [{ ...tables[0], cells: [{ data: 'mnist', imagesPerClass: 1 }] }] };
  const result = parsePublished(JSON.stringify(broken), 'mine.json');
  expect(result).toMatchObject({ ok: false, error: { place: 'mine.json' } });
  expect(!result.ok && result.error.message).toContain('/tables/0/cells/0');
});

const table = published.tables.find(({ method }) => method === 'dc')!;
const cell = table.cells.find(({ data, imagesPerClass }) => data === 'cifar10' && imagesPerClass === 10)!;
const ours: OurSetting = {
  method: 'dc',
  data: { set: 'cifar10', digest: '', description: 'CIFAR-10 (50,000 train, 10,000 test)' },
  imagesPerClass: 10,
  select: 'last',
  backbones: [],
  stages: Object.fromEntries(
    Object.entries(table.setting.stages!).map(([kind, params]) => [
      kind,
      { params: { ...params, network: { kind: 'convnet' } }, written: {} },
    ]),
  ),
};

it('finds no difference in the setting of the paper, defaults of the network filled in', () => {
  expect(differences(ours, table, cell)).toEqual([]);
});

it('names every difference, also of what the paper leaves at its default', () => {
  const { match, evaluate, ...stages } = ours.stages;
  const other = {
    ...ours,
    data: {
      ...ours.data,
      set: 'cifar10?normalisation=dd',
      description: 'CIFAR-10, bundled subset (5,000 train, 1,000 test)',
    },
    select: 'best' as const,
    stages: {
      ...stages,
      match: {
        params: { ...match!.params, iterations: 300, outerSteps: 2, network: { kind: 'convnet', width: 32 } },
        written: { iterations: 300, outerSteps: 2 },
      },
      evaluate: { params: { ...evaluate!.params, network: { kind: 'resnet', depth: 18 } }, written: {} },
      zca: { params: {}, written: {} },
    },
  };
  expect(differences(other, table, cell)).toEqual([
    'data: CIFAR-10, bundled subset (5,000 train, 1,000 test), not the full set',
    'data: constants dd instead of those of the set',
    'select: the best snapshot, where the paper shows the end',
    'network: width 32 instead of 128',
    'match: iterations 300 instead of 1,000',
    'match: outerSteps 2, of which the published setting says nothing',
    'network: resnet instead of convnet',
    '`zca`, which the paper has not',
  ]);
});

it('compares backbones as a set, defaults of their families filled in', () => {
  const { setting } = published.tables.find(({ method }) => method === 'g-vbsm')!;
  const of = (...backbones: OurSetting['backbones']) => {
    const both = { ...table, setting: { ...table.setting, ...setting, stages: { squeeze: {} } } };
    const found = differences({ ...ours, backbones }, both, cell);
    return found.filter((line) => line.startsWith('backbones'));
  };
  const [resnet, convnet, mobileNet, , shuffleNet] = setting.backbones!;
  const wide = { kind: 'wide-resnet', depth: 16, widthMultiplier: 2 };
  expect(of(wide, mobileNet!, shuffleNet!, { kind: 'convnet', width: 128 }, resnet!)).toEqual([]);
  expect(of(resnet!, convnet!, { kind: 'vgg', depth: 11, norm: 'batch' }, shuffleNet!)).toEqual([
    'backbones: no MobileNetV2_0_5, WRN-16-2',
    'backbones: VGG11BN, which the paper has not',
  ]);
});

it('never calls a setting the published one that nobody has told', () => {
  const mtt = published.tables.find(({ method }) => method === 'mtt')!;
  const untold = mtt.cells.find(({ data, imagesPerClass }) => data === 'imagenette' && imagesPerClass === 10)!;
  const own: OurSetting = {
    ...ours,
    method: 'mtt',
    select: 'best',
    data: { set: 'imagenette', digest: '', description: 'ImageNette (12,894 train, 500 test)' },
    stages: Object.fromEntries(
      Object.entries(mtt.setting.stages!).map(([kind, params]) => {
        const all = { ...stageKinds.find((one) => one.kind === kind)?.defaults?.(params), ...params };
        return [kind, { params: { ...all, network: { kind: 'convnet', depth: 5 } }, written: {} }];
      }),
    ),
  };
  expect(differences(own, mtt, untold)).toEqual(['not all of the published setting is known']);
  // Whole as well, but divided otherwise than ImageNet is.
  const data = { ...own.data, description: 'ImageNette (9,469 train, 3,925 test)' };
  expect(differences({ ...own, data }, mtt, untold)).toContain('data: 3,925 test images instead of 500');
});
