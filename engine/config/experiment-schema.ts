/**
 * The keys of an experiment file, as JSON Schema. `resolve` checks files against it and the editors' schema is generated
 * from it; what stands inside a stage comes from the stage kinds' own descriptions. Long because it is one table of keys.
 */
import type { JsonObject } from '../../base/json.ts';
import { DURATION_PATTERN, SIZE_PATTERN } from '../../base/units.ts';
import { NUMERICS_MODES } from '../plan/numerics.ts';

export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

export interface Vocabulary {
  /** Names of the data sets that can be read; any name when absent. */
  readonly dataSets?: readonly string[] | undefined;
  readonly backends: readonly string[];
}

export const RESOURCES: JsonObject = {
  type: 'object',
  description:
    'What an attempt of a stage takes. Attempts run side by side as long as what they take fits the machine; only `threads` is part of the cache key.',
  properties: {
    threads: {
      type: 'integer',
      minimum: 1,
      maximum: 1024,
      description:
        'Native threads of an attempt. Part of the cache key, since their number can move the last bit of a sum; how many attempts run side by side is `--concurrency` and is not.',
      examples: [1, 2],
    },
    memory: {
      type: 'string',
      pattern: SIZE_PATTERN,
      description:
        'Main memory of an attempt, as a size. An attempt that grows beyond it is ended and tried again with half as much more.',
      examples: ['4GiB', '512MiB'],
    },
    gpus: {
      type: 'integer',
      minimum: 0,
      maximum: 64,
      description:
        'GPUs that an attempt has for itself: it sees only those that it was given (CUDA_VISIBLE_DEVICES). 0 hides them all; left out, it sees what retort sees.',
      examples: [1],
    },
    disk: {
      type: 'string',
      pattern: SIZE_PATTERN,
      description: 'Free space that the disk of the store must have when an attempt starts, as a size.',
      examples: ['10GiB'],
    },
  },
  additionalProperties: false,
};

export const RETRIES: JsonObject = {
  type: 'integer',
  minimum: 0,
  maximum: 100,
  default: 0,
  description:
    'How often a stage that failed, or that came to its time limit, is tried again from its newest checkpoint. What its process or machine did wrong is tried again anyway; the same failure twice at the same step is not.',
  examples: [2],
};

export const TIME_LIMIT: JsonObject = {
  type: 'string',
  pattern: DURATION_PATTERN,
  description:
    'How long one attempt may take, as a duration. It then finishes its step, writes a checkpoint and stops; with `retries` left it goes on from there, else the node fails and the same command continues it.',
  examples: ['2h', '90m'],
};

export const SNAPSHOTS: JsonObject = {
  type: 'object',
  description:
    'Results on the way: after so many steps the stage commits what it would end with, while it goes on. A stage that makes metrics of it (`evaluate`) does so for every snapshot, which gives the curve. Never in the cache key of the stage itself.',
  properties: {
    every: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_INTEGER,
      description: 'Steps between two snapshots.',
      examples: [100],
    },
    at: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: { type: 'integer', minimum: 1, maximum: MAX_INTEGER },
      description: 'The steps after which there is one, instead of `every`.',
      examples: [[100, 500]],
    },
  },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
};

const PRUNE: JsonObject = {
  type: 'object',
  description:
    'Gives up cells whose snapshots evaluate badly: their stage is stopped and its checkpoint kept. Off where it is not written; `run --no-prune` brings the cells back.',
  properties: {
    rule: {
      enum: ['median', 'asha', 'threshold'],
      description:
        '`median`: cells worse than the median of the others at that step. `asha`: cells that are not among the best one in `eta` of those that have come so far. `threshold`: cells worse than `threshold`.',
    },
    metric: {
      type: 'string',
      minLength: 1,
      description:
        'The figure that is looked at; `compare.metric` or accuracy unless given. Losses and errors are better when low.',
      examples: ['accuracy'],
    },
    at: {
      type: ['number', 'array'],
      exclusiveMinimum: 0,
      minItems: 1,
      maxItems: 100,
      items: { type: 'number', exclusiveMinimum: 0 },
      description:
        'Where cells are judged: a step, or a fraction (below 1) of the steps, or a list of these. Every snapshot unless given.',
      examples: [100, 0.25],
    },
    eta: {
      type: 'number',
      exclusiveMinimum: 1,
      maximum: 1000,
      default: 3,
      description: 'Of `asha`: one cell in so many goes on.',
    },
    threshold: { type: 'number', description: 'Of `threshold`: what is worse is given up.', examples: [0.3] },
    minReplicates: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
      description:
        'Evaluations of a snapshot (sets x networks) that a cell must have before it is judged by their mean.',
    },
    minCells: {
      type: 'integer',
      minimum: 2,
      maximum: 100_000,
      default: 3,
      description:
        'Of `median` and `asha`: cells that must have been evaluated at that step, the judged one among them.',
    },
    within: {
      type: 'array',
      items: { type: 'string' },
      description: 'Axes whose value must be equal in cells that are compared: 1 image per class is no rival of 10.',
      examples: [['imagesPerClass']],
    },
  },
  required: ['rule'],
  additionalProperties: false,
};

/** Keys that every stage may have beside its inputs and parameters. */
export const STAGE_KEYS: Readonly<Record<string, JsonObject>> = {
  stage: { type: 'string', description: 'The stage kind. `retort stages` lists them.' },
  use: {
    description:
      'A map to merge into this stage, usually the variants of an axis: `use: $method`. Keys written here win.',
    type: ['string', 'object', 'array'],
  },
  resources: RESOURCES,
  retries: RETRIES,
  timeLimit: TIME_LIMIT,
  snapshots: SNAPSHOTS,
  notes: { type: 'string', description: 'For readers; never in a cache key.' },
};

/** `network`, `resources`, `retries` and `timeLimit` are checked where a stage takes them, since they may name an axis. */
export function experimentProperties({ dataSets, backends }: Vocabulary): Readonly<Record<string, JsonObject>> {
  return {
    version: { const: 1, description: 'The format of this file.' },
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'What the experiment is about, in a few words; free text.',
    },
    notes: { type: 'string', description: 'For readers; never in a cache key.' },
    tags: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description:
        'To find runs by; never in a cache key. `retort gc` keeps tagged runs as it does pinned ones (`retort pin RUN --remove` lets go of one).',
      examples: [['paper']],
    },
    data: {
      type: 'object',
      description: 'The data set. Its folder comes from `--data` or `retort.config.yaml` and is never in a cache key.',
      properties: {
        set: {
          type: 'string',
          minLength: 1,
          ...(dataSets && dataSets.length > 0 && { enum: dataSets }),
          description: 'The name of the data set. `retort data` lists them.',
        },
        classes: {
          type: 'array',
          minItems: 2,
          maxItems: 100_000,
          items: { type: ['integer', 'string'], minimum: 0, minLength: 1 },
          description:
            'Only these classes, by number from 0 or by name; labels count them in this order. `retort data SET` lists them. All of them unless given.',
          examples: [[0, 1, 2]],
        },
        train: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_INTEGER,
          description:
            'Only so many training images, the first of the files (of the chosen classes); all of them unless given. Tests are on all test images.',
          examples: [5000],
        },
        trainPerClass: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_INTEGER,
          description: 'The same for each class, instead of `train`.',
          examples: [500],
        },
        normalisation: {
          type: 'string',
          minLength: 1,
          description:
            'Other constants than those of the set: those of a paper, by name. `retort data SET` lists which there are.',
          examples: ['mtt'],
        },
      },
      required: ['set'],
      additionalProperties: false,
    },
    network: {
      type: ['object', 'string'],
      description: 'The network of every stage that takes one, as a map or by its name; a stage can have its own.',
    },
    seed: {
      type: 'integer',
      minimum: 0,
      maximum: MAX_INTEGER,
      default: 0,
      description:
        'From which all random numbers of the experiment are drawn, together with the numbers of set and evaluation.',
    },
    backend: {
      type: 'string',
      enum: backends,
      description: 'The engine that computes. Part of the cache key; `--backend` on the command line wins.',
    },
    numerics: {
      type: 'string',
      enum: [...NUMERICS_MODES],
      default: 'strict',
      description:
        'What of the numerics is part of the cache key. `strict`: backend, versions, class of the processor or device, and threads, so that equal keys mean equal bytes. `backend`: backend and versions only, so that results of other machines and thread counts are hits, though their last bits may differ.',
    },
    resources: {
      type: 'object',
      description: 'What an attempt of a stage takes, for all stages; a stage can name its own.',
    },
    retries: { description: 'How often a stage that failed is tried again, for all stages; a stage can name its own.' },
    timeLimit: { description: 'How long one attempt may take, for all stages; a stage can name its own.' },
    matrix: {
      type: 'object',
      description:
        'The axes of the grid, by names of your own: lists of values, or maps of named variants. `$axis` takes the value in a stage: `imagesPerClass: [1, 10]` here, `imagesPerClass: $imagesPerClass` there.',
    },
    replicates: {
      type: 'object',
      description: 'Two kinds of repetition: synthetic sets are independent evidence, evaluations of one set are not.',
      properties: {
        sets: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
          default: 1,
          description: 'Synthetic sets for each cell of the grid.',
        },
        evaluations: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
          default: 1,
          description: 'Networks trained and tested on each synthetic set.',
        },
      },
      additionalProperties: false,
    },
    stages: {
      type: 'object',
      minProperties: 1,
      description: 'The steps of the experiment by name; a stage names its inputs by role.',
    },
    prune: PRUNE,
    compare: {
      type: 'object',
      description: 'What the table at the end compares.',
      properties: {
        baseline: {
          type: 'object',
          minProperties: 1,
          description: 'The cell that others are compared with, as axis and value: `{ method: random }`.',
          additionalProperties: { type: ['string', 'number', 'boolean', 'null', 'array'] },
        },
        metric: {
          type: 'string',
          minLength: 1,
          description: 'The figure that the table shows.',
          examples: ['accuracy'],
        },
        select: {
          type: 'string',
          enum: ['last', 'best'],
          default: 'last',
          description:
            'Which snapshot the table shows: the end of the stage, or of each synthetic set the one whose evaluations are best, which is then chosen on test data and says so.',
        },
      },
      additionalProperties: false,
    },
  };
}

export const REQUIRED_KEYS = ['version', 'name', 'data', 'stages'];

/** `x-…` keys hold anchors and whatever else a reader wants to write down. */
export const FREE_KEYS = '^x-';
