/**
 * The resolved experiment as a whole: what `plan` is handed, and that every text has an answer. Long because experiments and
 * what they become stand whole.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { BASE, HEAD, OPTIONS, page, resolve } from '../../test/rig/pages.ts';
import { evaluate, sampleKinds } from '../../test/rig/stage-kinds.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

it('decides everything', () => {
  const { cells, source, ...rest } = resolve(
    BASE.replace('name: sample', 'name: sample\nseed: 3\ntags: [quick]\nnotes: why'),
  );
  expect(rest).toMatchInlineSnapshot(`
    {
      "axes": {
        "method": [
          "random",
          "dm",
        ],
      },
      "backend": "onnxruntime",
      "baseline": {
        "method": "random",
      },
      "data": {
        "set": "fashion-mnist",
      },
      "file": "x.yaml",
      "name": "sample",
      "notes": "why",
      "replicates": {
        "evaluations": 2,
        "sets": 3,
      },
      "seed": 3,
      "tags": [
        "quick",
      ],
    }
  `);
  expect(source).toMatchObject({ version: 1, stages: { distil: { use: '$method' } } });
  expect(cells.map(({ id, axes }) => ({ id, axes }))).toMatchInlineSnapshot(`
    [
      {
        "axes": {
          "method": "random",
        },
        "id": "8d4c298c",
      },
      {
        "axes": {
          "method": "dm",
        },
        "id": "1e0ca05d",
      },
    ]
  `);
  expect(cells[1]!.stages.map(({ origins: _, ...stage }) => stage)).toMatchInlineSnapshot(`
    [
      {
        "axes": [],
        "inputs": {},
        "kind": "select",
        "name": "start",
        "params": {
          "imagesPerClass": 2,
          "method": "random",
        },
        "resources": {
          "threads": 1,
        },
      },
      {
        "axes": [
          "method",
        ],
        "inputs": {
          "start": "start",
        },
        "kind": "match",
        "name": "distil",
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
        "resources": {
          "threads": 2,
        },
      },
      {
        "axes": [],
        "inputs": {
          "images": "distil",
        },
        "kind": "evaluate",
        "name": "score",
        "params": {
          "epochs": 5,
          "network": {
            "depth": 3,
            "kind": "convnet",
            "width": 16,
          },
        },
        "resources": {
          "threads": 2,
        },
      },
    ]
  `);
});

it('has one cell without a matrix, and one set and evaluation without replicates', () => {
  const experiment = resolve(`${HEAD}stages: { start: { stage: select } }\n`);
  expect(experiment).toMatchObject({
    seed: 0,
    backend: 'onnxruntime',
    replicates: { sets: 1, evaluations: 1 },
    axes: {},
    cells: [{ axes: {} }],
  });
  expect(experiment).not.toHaveProperty('baseline');
});

it('takes the backend from the command line, the experiment, the user, in this order', () => {
  const backend = (text: string, more: object): string => {
    const resolved = resolveExperiments([{ path: 'x.yaml', text }], [], { ...OPTIONS, ...more });
    return resolved.ok ? resolved.value[0]!.backend : formatDiagnostics(resolved.error);
  };
  const named = `${BASE}backend: reference\n`;
  expect(backend(named, { backend: 'tensorflow', defaultBackend: 'onnxruntime' })).toBe('tensorflow');
  expect(backend(named, { defaultBackend: 'onnxruntime' })).toBe('reference');
  expect(backend(BASE, { defaultBackend: 'tensorflow' })).toBe('tensorflow');
});

it('reports cells of one value twice as one error', () => {
  expect(page(BASE.replace('epochs: 5', 'epochs: 0')).match(/at least 1/g)).toHaveLength(1);
});

it('refuses a baseline that is no cell', () => {
  const baseline = (text: string): string => BASE.replace('{ method: random } }', text);
  expect(page(baseline('{ method: randm } }'))).toMatchInlineSnapshot(`
    "
    x.yaml:14:32 The baseline names \`randm\`, which is no value of the axis \`method\`.
        compare: { baseline: { method: randm } }
                                       ~~~~~
        Did you mean \`random\`?

    1 error.
    "
  `);
  expect(page(baseline('{ metod: random } }'))).toMatchInlineSnapshot(`
    "
    x.yaml:14:24 The baseline names \`metod\`, which is no axis of the matrix.
        compare: { baseline: { metod: random } }
                               ~~~~~
        Did you mean \`method\`?

    1 error.
    "
  `);
  expect(page(baseline('random }'))).toMatchInlineSnapshot(`
    "
    x.yaml:14:22 Expected \`compare.baseline\` to be a map, but found the text "random".
        compare: { baseline: random }
                             ~~~~~~

    1 error.
    "
  `);
  expect(page(baseline('{ method: { stage: select } } }'))).toMatchInlineSnapshot(`
    "
    x.yaml:14:32 Expected \`compare.baseline.method\` to be text, a number, true or false, nothing or a list, but found a map.
        compare: { baseline: { method: { stage: select } } }
                                       ~~~~~~~~~~~~~~~~~

    1 error.
    "
  `);
  expect(
    page(`${HEAD}stages: { start: { stage: select } }\ncompare: { baseline: { method: dm } }\n`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:5:24 The baseline names \`method\`, which is no axis of the matrix.
        compare: { baseline: { method: dm } }
                               ~~~~~~

    1 error.
    "
  `);
  expect(page(BASE.replace('replicates:', '  exclude: [{ method: random }]\nreplicates:'))).toMatchInlineSnapshot(
    `
    "
    x.yaml:15:22 No cell of the matrix has \`method: random\`, which the baseline names.
        compare: { baseline: { method: random } }
                             ~~~~~~~~~~~~~~~~~~
        Leave it in the grid, or name another one.

    1 error.
    "
  `,
  );
});

it('lets a baseline name a number as a number or as text', () => {
  const text = (value: string): string => `${HEAD}matrix: { n: [1, 10] }
stages: { start: { stage: select, imagesPerClass: $n } }
compare: { baseline: { n: ${value} }, metric: accuracy }
`;
  expect(resolve(text('10'))).toMatchObject({ baseline: { n: '10' }, metric: 'accuracy' });
  expect(resolve(text('"10"')).baseline).toEqual({ n: '10' });
});

it('calls the rules of a stage only with parameters that fit its schema', () => {
  // A rule that would throw on anything else.
  const strict = { ...evaluate, rules: (params: JsonObject) => ((params.epochs as number).toFixed() === '' ? [] : []) };
  const text = BASE.replace('epochs: 5', 'epochs: many');
  const files = ['a.yaml', 'b.yaml'].map((path) => ({ path, text }));
  const resolved = resolveExperiments(files, [], { stageKinds: [...sampleKinds.slice(0, 2), strict] });
  expect(resolved.ok).toBe(false);
  // The same error in a base that two files share is found twice and reported once.
  const shared = resolveExperiments([files[0]!, files[0]!], [], { stageKinds: [...sampleKinds.slice(0, 2), strict] });
  expect(!shared.ok && shared.error).toHaveLength(1);
});

it('expands a large grid', () => {
  const list = (n: number): string => `[${Array.from({ length: n }, (_, index) => index + 1).join(', ')}]`;
  const grid = (n: number): string => `${HEAD}matrix: { n: ${list(n)}, m: ${list(10)} }
stages:
  start: { stage: select, imagesPerClass: $n }
  distil: { stage: match, method: dm, start: start, iterations: $m }
  score: { stage: evaluate, images: distil }
`;
  // Quadratic cost would run into the test's time limit.
  expect(resolve(grid(400)).cells).toHaveLength(4000);
});

it('follows a thousand stages upstream, and refuses more', () => {
  const chain = (stages: number): string => {
    const lines = Array.from(
      { length: stages - 1 },
      (_, i) => `  s${i + 1}: { stage: match, method: dm, start: s${i} }`,
    );
    return `${HEAD}stages:\n  s0: { stage: select }\n${lines.join('\n')}\n`;
  };
  expect(page(chain(1000))).toBe('right');
  expect(page(chain(12_000))).toMatchInlineSnapshot(`
    "
    x.yaml:5:3 The experiment has 12000 stages.
          s0: { stage: select }
          ~~~~~~~~~~~~~~~~~~~~~
        Expected at most 1000; what differs only in values is an axis of the matrix.

    1 error.
    "
  `);
});

const fragments = fc.constantFrom(
  ...BASE.match(/\S+|\s+/g)!,
  ...[
    '&a',
    '*a',
    '<<:',
    '$method',
    '$$x',
    `\${x}`,
    '!tag',
    '|',
    '>',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    '\t',
    '---',
    '\ud83e',
    '"\\ud83e"',
    '\0',
    '0x1F',
    '.nan',
    '? ',
    '- ',
    ': ',
    '#',
    '%YAML 1.1',
    '~',
    '__proto__',
    'constructor',
    'toString',
    'extends: x',
    '1e400',
    '\u2028',
  ],
);

it('has an answer for every text, and pages that print', () => {
  const answers = (text: string, overrides: readonly string[]): void => {
    const resolved = resolveExperiments([{ path: 'x.yaml', text }], overrides, OPTIONS);
    if (!resolved.ok) expect(formatDiagnostics(resolved.error)).toMatch(/\d error/);
  };
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => answers(text, [])),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 60 }), (parts) => answers(parts.join(''), [])),
    { numRuns: 300 },
  );
  // One place of a right experiment is changed, so that the later steps are reached too.
  const tokens = BASE.match(/[\w-]+|\s+|[^\w\s]/g)!;
  fc.assert(
    fc.property(fc.nat(tokens.length - 1), fragments, fc.boolean(), (at, fragment, insert) =>
      answers([...tokens.slice(0, at), fragment, ...tokens.slice(insert ? at : at + 1)].join(''), []),
    ),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 5 }), (parts) =>
      answers(BASE, [parts.join(''), `seed=${parts.join('')}`]),
    ),
    { numRuns: 150 },
  );
});
