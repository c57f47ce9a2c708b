/**
 * Experiments written as text → nodes: what is shared, what a key depends on, what it does not. Long because each is a text
 * of its own.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StageKind } from '../../stages/stage.ts';
import { BASE, HEAD, resolve, resolveOf } from '../../test/rig/pages.ts';
import { sampleKinds } from '../../test/rig/stage-kinds.ts';
import { buildPlan, type PlanOptions } from './build.ts';
import { cacheKey } from './key.ts';
import type { Plan, PlanNode } from './plan.ts';

const OPTIONS: PlanOptions = {
  stageKinds: sampleKinds,
  dataDigest: 'd'.repeat(64),
  dataDescription: 'Fashion-MNIST, bundled subset',
  numerics: { backend: 'onnxruntime', version: '1.30.0', processor: 'avx2' },
};

function plan(text: string, more: Partial<PlanOptions> = {}): Plan {
  return buildPlan(resolve(text), { ...OPTIONS, ...more });
}

/** Every key of a plan, sorted: what a store knows of it. */
function keys(text: string, more: Partial<PlanOptions> = {}): string[] {
  return plan(text, more)
    .nodes.map((node) => node.key)
    .sort();
}

function node(of: Plan, id: string): PlanNode {
  const found = of.nodes.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`There is no node ${id} among ${of.nodes.map((candidate) => candidate.id).join(', ')}`);
  return found;
}

const ONE_SET = BASE.replace('sets: 3, evaluations: 2', 'sets: 1, evaluations: 1');

it('is one node where several places of the grid want the same', () => {
  const built = plan(BASE);
  expect(built.nodes.map(({ id, inputs }) => `${id} ← ${Object.values(inputs).join(', ')}`)).toMatchInlineSnapshot(`
    [
      "start[set=1] ← ",
      "start[set=2] ← ",
      "start[set=3] ← ",
      "score[method=random,set=1,evaluation=1] ← start[set=1]",
      "score[method=random,set=1,evaluation=2] ← start[set=1]",
      "score[method=random,set=2,evaluation=1] ← start[set=2]",
      "score[method=random,set=2,evaluation=2] ← start[set=2]",
      "score[method=random,set=3,evaluation=1] ← start[set=3]",
      "score[method=random,set=3,evaluation=2] ← start[set=3]",
      "distil[method=dm,set=1] ← start[set=1]",
      "distil[method=dm,set=2] ← start[set=2]",
      "distil[method=dm,set=3] ← start[set=3]",
      "score[method=dm,set=1,evaluation=1] ← distil[method=dm,set=1]",
      "score[method=dm,set=1,evaluation=2] ← distil[method=dm,set=1]",
      "score[method=dm,set=2,evaluation=1] ← distil[method=dm,set=2]",
      "score[method=dm,set=2,evaluation=2] ← distil[method=dm,set=2]",
      "score[method=dm,set=3,evaluation=1] ← distil[method=dm,set=3]",
      "score[method=dm,set=3,evaluation=2] ← distil[method=dm,set=3]",
    ]
  `);
  // Set k of random is the very start of set k of dm.
  const [random, dm] = built.cells.map((cell) => cell.id);
  expect(node(built, 'start[set=2]').uses).toEqual([
    { cell: random, stage: 'start', set: 2 },
    { cell: random, stage: 'distil', set: 2 },
    { cell: dm, stage: 'start', set: 2 },
  ]);
});

it('is handed everything that a child needs', () => {
  const { id, inputs, manifest, key, ...rest } = node(plan(ONE_SET), 'distil[method=dm,set=1]');
  expect({ ...rest, manifest: { ...manifest, inputs: '…' } }).toMatchInlineSnapshot(`
    {
      "chain": {
        "at": 20,
        "id": "1c5ed2aad9ca0538fdc0c4ada1c0b1a482cef29599c25e71e7ca9b78d091a139",
      },
      "manifest": {
        "inputs": "…",
        "numerics": {
          "backend": "onnxruntime",
          "processor": "avx2",
          "threads": 2,
          "version": "1.30.0",
        },
        "params": {
          "iterations": 20,
          "method": "dm",
          "network": {
            "width": 16,
          },
        },
        "seed": {
          "base": 0,
          "set": 1,
        },
        "stage": "match",
        "v": 1,
        "version": 2,
      },
      "outputs": [
        "images",
      ],
      "params": {
        "augment": true,
        "batchReal": 256,
        "iterations": 20,
        "learningRate": 1,
        "method": "dm",
        "network": {
          "depth": 3,
          "kind": "convnet",
          "width": 16,
        },
      },
      "threads": 2,
      "uses": [
        {
          "cell": "1e0ca05d",
          "set": 1,
          "stage": "distil",
        },
      ],
    }
  `);
  expect(manifest.inputs).toEqual({
    start: node(plan(ONE_SET), 'start[set=1]').key,
    data: `fashion-mnist@${'d'.repeat(64)}`,
  });
  expect(key).toBe(cacheKey(manifest));
});

it('has keys that never change: a store must outlive this program', () => {
  // If this fails, every store in the world forgets its results; raise `v` of the manifest only for a very good reason.
  expect(plan(ONE_SET).nodes.map(({ id, key }) => `${id} ${key}`)).toMatchInlineSnapshot(`
    [
      "start[set=1] a79cc73fd2d8c4f794b57b5d75eca00c0da3e9e8a37d5926631862ec1719a997",
      "score[method=random,set=1,evaluation=1] 15a8d59513212606ef528c7a2aeeae14572bc494b15621671a0cd42eaa52f412",
      "distil[method=dm,set=1] d8c1948f1cc66242a3cf35c50aba64819a14c854aeb0bc857a57872f91300190",
      "score[method=dm,set=1,evaluation=1] b88f8fee55440406709274c30f34f59a166df594958788eb69a6e3add200f222",
    ]
  `);
});

it('draws each replicate on its own axes, and hands down those of what stands upstream', () => {
  const counted = (text: string): Record<string, number> => {
    const count: Record<string, number> = {};
    for (const { manifest } of plan(text).nodes) count[manifest.stage] = (count[manifest.stage] ?? 0) + 1;
    return count;
  };
  expect(counted(BASE)).toEqual({ select: 3, match: 3, evaluate: 12 });
  expect(counted(BASE.replace('sets: 3', 'sets: 5'))).toEqual({ select: 5, match: 5, evaluate: 20 });
  const built = plan(BASE);
  expect(node(built, 'start[set=2]').manifest.seed).toEqual({ base: 0, set: 2 });
  expect(node(built, 'score[method=dm,set=2,evaluation=1]').manifest.seed).toEqual({ base: 0, set: 2, evaluation: 1 });
  expect(node(built, 'score[method=dm,set=2,evaluation=1]').inputs).toEqual({ images: 'distil[method=dm,set=2]' });
});

it('follows the replicates of its inputs without drawing on them', () => {
  // A stage that draws nothing itself: one node for each synthetic set, with no set in its seed.
  const [select, match, evaluate] = sampleKinds as readonly [StageKind, StageKind, StageKind];
  const still = { ...evaluate, replicates: [] };
  const built = plan(BASE, { stageKinds: [select, match, still] });
  const scores = built.nodes.filter((each) => each.manifest.stage === 'evaluate');
  expect(scores).toHaveLength(6);
  for (const score of scores) expect(score.manifest.seed).toEqual({ base: 0 });
  // One that depends on nothing random is one node for the whole experiment.
  const fixed = { ...select, replicates: [] };
  const single = buildPlan(resolve(`${HEAD}replicates: { sets: 9 }\nstages: { start: { stage: select } }\n`), {
    ...OPTIONS,
    stageKinds: [fixed],
  });
  expect(single.nodes.map(({ id }) => id)).toEqual(['start']);
});

it('does not depend on names, notes, tags, paths, order, or defaults that are written out', () => {
  const before = keys(BASE);
  const same: Record<string, string> = {
    name: BASE.replace('name: sample', 'name: other\nnotes: why\ntags: [a]'),
    'stage notes': BASE.replace('images: distil,', 'images: distil, notes: hello,'),
    'names of stages': BASE.replaceAll('distil', 'made')
      .replace('start: start', 'start: begin')
      .replace('\n  start', '\n  begin'),
    'names of axes and variants': BASE.replaceAll('method:\n', 'way:\n')
      .replace('$method', '$way')
      .replace('baseline: { method: random }', 'baseline: { way: plain }')
      .replace('    random:', '    plain:'),
    'order of variants': BASE.replace(/( {4}random.*\n)( {4}dm.*\n)/, '$2$1'),
    'order of stages': BASE.replace(/( {2}distil.*\n)( {2}score.*\n)/, '$2$1'),
    'order of keys': BASE.replace('kind: convnet, width: 16', 'width: 16, kind: convnet'),
    'defaults written out': BASE.replace('epochs: 5', 'epochs: 5, network: { depth: 3 }')
      .replaceAll('stage: select,', 'stage: select, method: random,')
      .replace('iterations: 20', 'iterations: 20, learningRate: 1.0, augment: true, batchReal: 256'),
    'a shared network written out': BASE.replace('network: { kind: convnet, width: 16 }\n', '')
      .replace('iterations: 20', 'iterations: 20, network: { width: 16 }')
      .replace('epochs: 5', 'epochs: 5, network: { width: 16 }'),
    'the threads that are usual': BASE.replace('epochs: 5', 'epochs: 5, resources: { threads: 2 }'),
    'numbers written otherwise': BASE.replace('iterations: 20', 'iterations: 2e1').replace('width: 16', 'width: 0x10'),
    'what tables say': BASE.replace('compare: {', 'compare: { metric: accuracy,'),
  };
  for (const [what, text] of Object.entries(same)) expect(keys(text), what).toEqual(before);
  const elsewhere = buildPlan(resolveOf({ path: '/other/place.yaml', text: BASE }), {
    ...OPTIONS,
    dataDescription: 'x',
  });
  expect(elsewhere.nodes.map(({ key }) => key).sort()).toEqual(before);
});

it('changes with everything that can change a result, and for all that depends on it', () => {
  const changed = (text: string, more: Partial<PlanOptions> = {}): string[] => {
    const before = new Map(plan(ONE_SET).nodes.map(({ id, key }) => [id, key]));
    return plan(text, more)
      .nodes.filter(({ id, key }) => before.get(id) !== key)
      .map(({ id }) => id.replace(/,?(set|evaluation)=1/g, '').replace('[]', ''));
  };
  const all = ['start', 'score[method=random]', 'distil[method=dm]', 'score[method=dm]'];
  const scores = ['score[method=random]', 'score[method=dm]'];
  const version = (kind: string): readonly StageKind[] =>
    sampleKinds.map((each) => (each.kind === kind ? { ...each, version: each.version + 1 } : each));

  expect(changed(ONE_SET)).toEqual([]);
  expect(changed(ONE_SET.replace('version: 1', 'version: 1\nseed: 1'))).toEqual(all);
  expect(changed(ONE_SET.replaceAll('imagesPerClass: 2', 'imagesPerClass: 3'))).toEqual(all);
  expect(changed(ONE_SET.replace('iterations: 20', 'iterations: 21'))).toEqual([
    'distil[method=dm]',
    'score[method=dm]',
  ]);
  expect(changed(ONE_SET.replace('epochs: 5', 'epochs: 6'))).toEqual(scores);
  expect(changed(ONE_SET.replace('width: 16', 'width: 17'))).toEqual([
    'score[method=random]',
    'distil[method=dm]',
    'score[method=dm]',
  ]);
  expect(changed(ONE_SET.replace('epochs: 5', 'epochs: 5, resources: { threads: 1 }'))).toEqual(scores);
  expect(changed(ONE_SET.replace('set: fashion-mnist', 'set: mnist'))).toEqual(all);
  expect(changed(ONE_SET, { dataDigest: 'e'.repeat(64) })).toEqual(all);
  expect(changed(ONE_SET, { numerics: { ...OPTIONS.numerics, version: '1.31.0' } })).toEqual(all);
  expect(changed(ONE_SET, { numerics: { ...OPTIONS.numerics, processor: 'avx512' } })).toEqual(all);
  expect(changed(ONE_SET, { stageKinds: version('select') })).toEqual(all);
  expect(changed(ONE_SET, { stageKinds: version('match') })).toEqual(['distil[method=dm]', 'score[method=dm]']);
  expect(changed(ONE_SET, { stageKinds: version('evaluate') })).toEqual(scores);
});

it('leaves the machine out of keys where the experiment says so, and nothing else of the numerics', () => {
  const shared = ONE_SET.replace('version: 1', 'version: 1\nnumerics: backend');
  const device = { provider: 'cuda', device: 'a' };
  const made = plan(shared, { numerics: { ...OPTIONS.numerics, ...device } });
  expect(made).toMatchObject({ numericsMode: 'backend' });
  for (const { numerics } of [made, ...made.nodes.map(({ manifest }) => manifest)])
    expect(numerics).toEqual({ backend: 'onnxruntime', version: '1.30.0', provider: 'cuda' });
  const other = { processor: 'avx512', ...device, device: 'b' };
  const elsewhere = shared.replace('epochs: 5', 'epochs: 5, resources: { threads: 1 }');
  expect(keys(elsewhere, { numerics: { ...OPTIONS.numerics, ...other } })).toEqual(made.nodes.map((n) => n.key).sort());
  expect(keys(shared)).not.toEqual(keys(shared, { numerics: { ...OPTIONS.numerics, version: '1.31.0' } }));
  expect(plan(ONE_SET.replace('version: 1', 'version: 1\nnumerics: strict'))).toEqual(plan(ONE_SET));
});

it('keeps what is there when sets, evaluations or values of an axis are added', () => {
  const before = keys(BASE);
  const more = [
    BASE.replace('sets: 3', 'sets: 4'),
    BASE.replace('evaluations: 2', 'evaluations: 3'),
    BASE.replace('    dm:', '    herding: { stage: select, method: herding }\n    dm:'),
  ];
  for (const text of more) expect(keys(text)).toEqual(expect.arrayContaining(before));
});

it('is pure: the same again, and nothing that it is given is touched', () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
      Object.freeze(value);
      Object.values(value).forEach(freeze);
    }
    return value;
  };
  const experiment = freeze(resolve(BASE));
  expect(buildPlan(experiment, OPTIONS)).toEqual(
    buildPlan(experiment, freeze({ ...OPTIONS, stageKinds: sampleKinds })),
  );
});

it('puts every node behind its inputs, under a name of its own that a file system takes', () => {
  const label = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      '../a',
      'a/b',
      'x y',
      'x_y',
      'é',
      '1',
      ',',
      '[=]',
      'l'.repeat(300),
      `${'l'.repeat(300)}2`,
    ),
    // A dollar would name an axis.
    fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !text.startsWith('$')),
  );
  const grid = fc.record({
    way: fc.uniqueArray(label, { minLength: 1, maxLength: 4 }),
    notes: fc.uniqueArray(label, { minLength: 1, maxLength: 3 }),
    count: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    used: fc.boolean(),
  });
  fc.assert(
    fc.property(grid, ({ way, notes, count, used }) => {
      const experiment = {
        version: 1,
        name: 'x',
        data: { set: 'mnist' },
        matrix: {
          way: Object.fromEntries(way.map((name, index) => [name, { stage: 'select', imagesPerClass: index + 1 }])),
          notes,
          count,
        },
        stages: {
          start: { stage: 'select', imagesPerClass: '$count' },
          distil: { use: '$way', notes: '$notes' },
          last: { stage: 'match', method: 'dm', start: used ? 'distil' : 'start', iterations: '$count' },
        },
      };
      // JSON is YAML.
      const built = plan(JSON.stringify(experiment));
      const seen = new Set<string>();
      for (const each of built.nodes) {
        for (const input of Object.values(each.inputs)) expect(seen).toContain(input);
        expect(seen).not.toContain(each.id);
        expect(each.id).toMatch(/^[\p{Letter}\p{Mark}\p{Number}._+@~…,=[\]#-]+$/u);
        expect(Buffer.byteLength(each.id)).toBeLessThanOrEqual(210);
        seen.add(each.id);
      }
      expect(new Set(built.nodes.map(({ key }) => key)).size).toBe(built.nodes.length);
      // Every place of the grid is served by one node.
      expect(built.nodes.flatMap(({ uses }) => uses)).toHaveLength(way.length * notes.length * count.length * 3);
    }),
    { numRuns: 100 },
  );
});

it('evaluates every snapshot as a node of its own, and knows one that is a shorter run', () => {
  const snapshots = BASE.replace('iterations: 20 }', 'iterations: 20, snapshots: { every: 8 } }').replace(
    'sets: 3, evaluations: 2',
    'sets: 1, evaluations: 1',
  );
  const built = plan(snapshots);
  expect(built.nodes.map(({ id, inputs }) => `${id} ← ${Object.values(inputs).join(', ')}`)).toEqual([
    'start[set=1] ← ',
    'score[method=random,set=1,evaluation=1] ← start[set=1]',
    'distil[method=dm,set=1,at=8] ← start[set=1]',
    'distil[method=dm,set=1,at=16] ← start[set=1]',
    'distil[method=dm,set=1] ← start[set=1]',
    'score[method=dm,set=1,evaluation=1,at=8] ← distil[method=dm,set=1,at=8]',
    'score[method=dm,set=1,evaluation=1,at=16] ← distil[method=dm,set=1,at=16]',
    'score[method=dm,set=1,evaluation=1] ← distil[method=dm,set=1]',
  ]);
  // Nothing of what is computed without them changes.
  expect(keys(snapshots)).toEqual(expect.arrayContaining(keys(ONE_SET)));
  const short = plan(ONE_SET.replace('iterations: 20', 'iterations: 8'));
  const at8 = node(built, 'distil[method=dm,set=1,at=8]');
  const alone = node(short, 'distil[method=dm,set=1]');
  expect({ ...at8, id: '', uses: [] }).toEqual({ ...alone, id: '', uses: [] });
  expect(node(built, 'score[method=dm,set=1,evaluation=1,at=8]').key).toBe(
    node(short, 'score[method=dm,set=1,evaluation=1]').key,
  );
  expect(at8.chain).toEqual({ id: node(built, 'distil[method=dm,set=1]').chain?.id, at: 8 });
});
