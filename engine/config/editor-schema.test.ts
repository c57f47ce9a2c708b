/**
 * What editors check against: the committed file is what the stages say, takes what runs, and flags mistakes. Long because
 * what an editor shows stands whole.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../base/package-root.ts';
import { dataSetNames } from '../../data/registry.ts';
import { stageKinds } from '../../stages/registry.ts';
import { BASE, HEAD, OPTIONS } from '../../test/rig/pages.ts';
import { sampleKinds } from '../../test/rig/stage-kinds.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { EDITOR_KEYWORDS, editorSchema } from './editor-schema.ts';
import { BACKENDS, resolveExperiments } from './resolve.ts';
import { schemaText } from './schema-text.ts';

const FOLDER = join(packageRoot(), 'experiments');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

// Strict: an editor ignores in silence what a schema says wrongly.
const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
ajv.addVocabulary(EDITOR_KEYWORDS);
const sample = ajv.compile(editorSchema({ dataSets: OPTIONS.dataSets, backends: BACKENDS }, sampleKinds));
const real = ajv.compile(JSON.parse(schemaText()) as object);

/** Where the sample schema finds something wrong, as paths. */
function flags(text: string, check = sample): string[] {
  check(parse(text, { merge: true, logLevel: 'silent' }));
  const leaves = (check.errors ?? []).filter(({ keyword }) => !['if', 'anyOf', 'allOf'].includes(keyword));
  return [
    ...new Set(
      leaves.map(({ instancePath, params }) =>
        [
          instancePath,
          (params as { additionalProperty?: string }).additionalProperty ??
            (params as { missingProperty?: string }).missingProperty,
        ]
          .filter((part) => part !== undefined)
          .join('/'),
      ),
    ),
  ].sort();
}

it('is committed as the stages say it: `npm run schema` writes it', () => {
  expect(readFileSync(join(packageRoot(), 'schemas', 'experiment.schema.json'), 'utf8')).toBe(schemaText());
});

it.each(FILES)('%s names the schema, passes it, and resolves', (name) => {
  const path = join(FOLDER, name);
  const text = readFileSync(path, 'utf8');
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schemas/experiment.schema.json');
  expect(flags(text, real)).toEqual([]);
  const resolved = resolveExperiments([{ path }], [], { stageKinds, dataSets: dataSetNames });
  expect(resolved.ok ? '' : formatDiagnostics(resolved.error)).toBe('');
});

it('explains every key: descriptions, defaults, examples', () => {
  const schema = editorSchema({ backends: BACKENDS }, sampleKinds) as never as {
    properties: Record<string, { description?: string }>;
    definitions: Record<string, { properties: Record<string, object> }>;
  };
  for (const [name, value] of Object.entries(schema.properties)) expect(value.description, name).toBeTruthy();
  for (const kind of sampleKinds)
    for (const [name, value] of Object.entries(schema.definitions[`kind-${kind.kind}`]!.properties))
      expect(value, `${kind.kind}.${name}`).toHaveProperty('description');
  expect(schema.definitions['kind-select']!.properties).toMatchInlineSnapshot(`
    {
      "imagesPerClass": {
        "default": 10,
        "description": "Images per class of the synthetic set. Default: 10.",
        "maximum": 5000,
        "minimum": 1,
        "pattern": "^\\$[A-Za-z_]",
        "patternErrorMessage": "Expected a whole number, or \`$axis\` for the value of an axis.",
        "type": [
          "integer",
          "string",
          "null",
        ],
      },
      "method": {
        "anyOf": [
          {
            "enum": [
              "random",
              "herding",
            ],
          },
          {
            "description": "The value of an axis: \`$axis\`.",
            "pattern": "^\\$[A-Za-z_]",
            "type": "string",
          },
          {
            "description": "Back to the default.",
            "type": "null",
          },
        ],
        "default": "random",
        "description": "How they are chosen. Default: "random".",
      },
      "notes": {
        "description": "For readers; never in a cache key.",
        "type": "string",
      },
      "resources": {
        "additionalProperties": false,
        "description": "What an attempt of a stage takes. Attempts run side by side as long as what they take fits the machine; only \`threads\` is part of the cache key.",
        "pattern": "^\\$[A-Za-z_]",
        "patternErrorMessage": "Expected a map, or \`$axis\` for the value of an axis.",
        "properties": {
          "disk": {
            "anyOf": [
              {
                "pattern": "^[0-9]+(\\.[0-9]+)? ?(B|[kKMGT]i?B)$",
                "type": "string",
              },
              {
                "description": "The value of an axis: \`$axis\`.",
                "pattern": "^\\$[A-Za-z_]",
                "type": "string",
              },
              {
                "description": "Back to the default.",
                "type": "null",
              },
            ],
            "description": "Free space that the disk of the store must have when an attempt starts, as a size.",
            "examples": [
              "10GiB",
            ],
          },
          "gpus": {
            "description": "GPUs that an attempt has for itself: it sees only those that it was given (CUDA_VISIBLE_DEVICES). 0 hides them all; left out, it sees what retort sees.",
            "examples": [
              1,
            ],
            "maximum": 64,
            "minimum": 0,
            "pattern": "^\\$[A-Za-z_]",
            "patternErrorMessage": "Expected a whole number, or \`$axis\` for the value of an axis.",
            "type": [
              "integer",
              "string",
              "null",
            ],
          },
          "memory": {
            "anyOf": [
              {
                "pattern": "^[0-9]+(\\.[0-9]+)? ?(B|[kKMGT]i?B)$",
                "type": "string",
              },
              {
                "description": "The value of an axis: \`$axis\`.",
                "pattern": "^\\$[A-Za-z_]",
                "type": "string",
              },
              {
                "description": "Back to the default.",
                "type": "null",
              },
            ],
            "description": "Main memory of an attempt, as a size. An attempt that grows beyond it is ended and tried again with half as much more.",
            "examples": [
              "4GiB",
              "512MiB",
            ],
          },
          "threads": {
            "description": "Native threads of an attempt. Part of the cache key, since their number can move the last bit of a sum; how many attempts run side by side is \`--concurrency\` and is not.",
            "examples": [
              1,
              2,
            ],
            "maximum": 1024,
            "minimum": 1,
            "pattern": "^\\$[A-Za-z_]",
            "patternErrorMessage": "Expected a whole number, or \`$axis\` for the value of an axis.",
            "type": [
              "integer",
              "string",
              "null",
            ],
          },
        },
        "type": [
          "object",
          "string",
          "null",
        ],
      },
      "retries": {
        "default": 0,
        "description": "How often a stage that failed, or that came to its time limit, is tried again from its newest checkpoint. What its process or machine did wrong is tried again anyway; the same failure twice at the same step is not. Default: 0.",
        "examples": [
          2,
        ],
        "maximum": 100,
        "minimum": 0,
        "pattern": "^\\$[A-Za-z_]",
        "patternErrorMessage": "Expected a whole number, or \`$axis\` for the value of an axis.",
        "type": [
          "integer",
          "string",
          "null",
        ],
      },
      "snapshots": {
        "additionalProperties": false,
        "description": "Results on the way: after so many steps the stage commits what it would end with, while it goes on. A stage that makes metrics of it (\`evaluate\`) does so for every snapshot, which gives the curve. Never in the cache key of the stage itself.",
        "maxProperties": 1,
        "minProperties": 1,
        "pattern": "^\\$[A-Za-z_]",
        "patternErrorMessage": "Expected a map, or \`$axis\` for the value of an axis.",
        "properties": {
          "at": {
            "description": "The steps after which there is one, instead of \`every\`.",
            "examples": [
              [
                100,
                500,
              ],
            ],
            "items": {
              "maximum": 9007199254740991,
              "minimum": 1,
              "pattern": "^\\$[A-Za-z_]",
              "patternErrorMessage": "Expected a whole number, or \`$axis\` for the value of an axis.",
              "type": [
                "integer",
                "string",
                "null",
              ],
            },
            "maxItems": 1000,
            "minItems": 1,
            "pattern": "^\\$[A-Za-z_]",
            "patternErrorMessage": "Expected a list, or \`$axis\` for the value of an axis.",
            "type": [
              "array",
              "string",
              "null",
            ],
          },
          "every": {
            "description": "Steps between two snapshots.",
            "examples": [
              100,
            ],
            "maximum": 9007199254740991,
            "minimum": 1,
            "pattern": "^\\$[A-Za-z_]",
            "patternErrorMessage": "Expected a whole number, or \`$axis\` for the value of an axis.",
            "type": [
              "integer",
              "string",
              "null",
            ],
          },
        },
        "type": [
          "object",
          "string",
          "null",
        ],
      },
      "stage": {
        "const": "select",
        "description": "Chooses real images.",
      },
      "timeLimit": {
        "anyOf": [
          {
            "pattern": "^[0-9]+(\\.[0-9]+)? ?(s|min|m|h|d)( ?[0-9]+(\\.[0-9]+)? ?(s|min|m|h|d))*$",
            "type": "string",
          },
          {
            "description": "The value of an axis: \`$axis\`.",
            "pattern": "^\\$[A-Za-z_]",
            "type": "string",
          },
          {
            "description": "Back to the default.",
            "type": "null",
          },
        ],
        "description": "How long one attempt may take, as a duration. It then finishes its step, writes a checkpoint and stops; with \`retries\` left it goes on from there, else the node fails and the same command continues it.",
        "examples": [
          "2h",
          "90m",
        ],
      },
      "use": {
        "anyOf": [
          {
            "description": "The value of an axis: \`$axis\`.",
            "pattern": "^\\$[A-Za-z_]",
            "type": "string",
          },
          {
            "type": "object",
          },
          {
            "items": {
              "anyOf": [
                {
                  "description": "The value of an axis: \`$axis\`.",
                  "pattern": "^\\$[A-Za-z_]",
                  "type": "string",
                },
                {
                  "type": "object",
                },
              ],
            },
            "type": "array",
          },
        ],
        "description": "A map to merge into this stage, usually the variants of an axis: \`use: $method\`. Keys written here win.",
      },
    }
  `);
});

it('takes what runs', () => {
  const right = [
    BASE,
    BASE.replace('imagesPerClass: 2 }\n    dm', 'imagesPerClass: $n }\n    dm').replace(
      'matrix:',
      'matrix:\n  n: [1, 2]',
    ),
    BASE.replace('method: dm, ', 'method: $way, ').replace('matrix:', 'matrix:\n  way: [dm, dsa]'),
    BASE.replace('network: {', 'resources: { threads: $threads }\nnetwork: {').replace(
      'matrix:',
      'matrix:\n  threads: [1, 2]',
    ),
    BASE.replace('replicates:', '  exclude: [{ method: dm }]\n  include: [{ method: random }]\nreplicates:'),
    BASE.replace('  distil: { use: $method }', '  distil: { use: [$method, { notes: x }], imagesPerClass: 3 }').replace(
      / {4}dm:.*\n/,
      '',
    ),
    'extends: base.yaml\nstages: { start: { imagesPerClass: 3 }, score: { network: null } }\nmatrix: { method: { dm: { iterations: 5 } } }\n',
    `${HEAD}x-mine: &mine { epochs: 3 }\nstages:\n  start: { stage: select }\n  score: { <<: *mine, stage: evaluate, images: start }\n`,
    `${HEAD}matrix: { kind: [select], net: { small: { width: 3 } } }\nstages: { a: { stage: $kind }, b: { stage: evaluate, images: a, network: $net } }\n`,
    `${HEAD}matrix: { zip: { a: [1, 2], b: [3, 4] } }\nstages: { a: { stage: select, imagesPerClass: $a }, b: { stage: select, imagesPerClass: $b } }\n`,
  ];
  for (const text of right) {
    expect(flags(text), text).toEqual([]);
    if (!text.startsWith('extends')) {
      const resolved = resolveExperiments([{ path: 'x.yaml', text }], [], OPTIONS);
      expect(resolved.ok ? '' : formatDiagnostics(resolved.error)).toBe('');
    }
  }
});

it('flags mistakes at the key or value that is wrong', () => {
  expect(flags(`${BASE}tagz: [a]\n`)).toEqual(['/tagz']);
  expect(flags(BASE.replace('name: sample\n', ''))).toEqual(['/name']);
  expect(flags(BASE.replace('version: 1', 'version: 2'))).toEqual(['/version']);
  expect(flags(BASE.replace('fashion-mnist', 'fashion'))).toEqual(['/data/set']);
  expect(flags(BASE.replace('sets: 3', 'sets: 0'))).toEqual(['/replicates/sets']);
  expect(flags(BASE.replace('seed', 'sed').replace('name:', 'seed: 9007199254740993\nname:'))).toEqual(['/seed']);
  expect(flags(BASE.replace('width: 16', 'width: wide'))).toEqual(['/network/width']);
  expect(flags(BASE.replace('width: 16', 'with: 16'))).toEqual(['/network/with']);
  expect(flags(BASE.replace('epochs: 5', 'epoch: 5'))).toEqual(['/stages/score/epoch']);
  expect(flags(BASE.replace('epochs: 5', 'epochs: "5"'))).toEqual(['/stages/score/epochs']);
  expect(flags(BASE.replace('epochs: 5', 'epochs: 0'))).toEqual(['/stages/score/epochs']);
  expect(flags(BASE.replace('epochs: 5', 'network: { depth: 7 }'))).toEqual(['/stages/score/network/depth']);
  expect(flags(BASE.replace('stage: evaluate', 'stage: evalute'))).toContain('/stages/score/stage');
  expect(flags(BASE.replace('images: distil, ', ''))).toEqual(['/stages/score/images']);
  expect(flags(BASE.replace('use: $method', 'use: method'))).toContain('/stages/distil/use');
  expect(flags(BASE.replace('use: $method', 'notes: x'))).toContain('/stages/distil/stage');
  expect(flags(BASE.replace('iterations: 20', 'iteratons: 20'))).toEqual(['/matrix/method/dm/iteratons']);
  expect(flags(BASE.replace('method: dm,', 'method: dmm,'))).toContain('/matrix/method/dm/method');
  expect(flags(BASE.replace('imagesPerClass: 2 }\n    dm', 'imagesPerClass: many }\n    dm'))).toEqual([
    '/matrix/method/random/imagesPerClass',
  ]);
  expect(flags(`${HEAD}matrix: { n: 3 }\nstages: { a: { stage: select, imagesPerClass: $n } }\n`)).toEqual([
    '/matrix/n',
  ]);
});

it('flags mistakes against the real stages', () => {
  const text = readFileSync(join(FOLDER, 'quickstart.yaml'), 'utf8');
  expect(flags(text.replace('iterations:', 'iteration:'), real)).toEqual(['/matrix/method/dm/iteration']);
  expect(flags(text.replace('norm: instance', 'norm: instant'), real)).toContain('/network/norm');
  expect(flags(text.replace('stage: match', 'stage: mach'), real)).toContain('/matrix/method/dm/stage');
});
