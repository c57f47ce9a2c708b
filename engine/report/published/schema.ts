/** What a file of published figures holds: the papers' tables, each cell with its figure and the setting it belongs to. */
import { Ajv } from 'ajv';
import type { JsonObject } from '../../../base/json.ts';
import { fail, ok, type Result } from '../../../base/result.ts';

export interface PublishedSetting {
  /** Of every stage that has one. */
  readonly network?: JsonObject;
  /** What the set is tested with, where that is another network. */
  readonly studentNetwork?: JsonObject;
  /** The networks that images are recovered from, where the setting trains several. */
  readonly backbones?: readonly JsonObject[];
  /** The name of other constants than those of the set. */
  readonly normalisation?: string;
  /** Where a set is tested on in several ways: how many images the paper has for that. */
  readonly testImages?: number;
  /** What of it no parameter here can say, in words: so long as there is any, the setting is not the paper's. */
  readonly beyond?: readonly string[];
  /** Where nobody has told the setting, or not all of it: nothing of ours is ever equal to it. */
  readonly unknownSetting?: true;
  /** Parameters by kind of stage, in our names; those that are not written are as the kind has them by default. */
  readonly stages?: Readonly<Record<string, JsonObject>>;
}

export interface PublishedCell extends PublishedSetting {
  readonly data: string;
  /** None of the whole training set. */
  readonly imagesPerClass?: number;
  /** In the unit of the file. */
  readonly value: number;
  readonly std?: number;
  /** Where in the paper, if not where the rest of the table is from. */
  readonly table?: string;
  /** Nobody has held this figure beside the paper. */
  readonly unverified?: true;
}

export interface PublishedTable {
  readonly method: string;
  readonly paper: string;
  readonly table: string;
  readonly setting: PublishedSetting & {
    /** The best of all evaluations on test data, rather than the end of the run. */
    readonly select?: 'best';
    /** Shown, not compared: how many sets and networks stand behind a figure. */
    readonly replicates?: { readonly sets: number; readonly evaluations: number };
  };
  readonly cells: readonly PublishedCell[];
}

export interface PublishedFile {
  readonly schema: 'retort-published/1';
  readonly metric: string;
  readonly unit: '%';
  readonly tables: readonly PublishedTable[];
}

const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 1 };
const setting = {
  network: { type: 'object' },
  studentNetwork: { type: 'object' },
  backbones: { type: 'array', items: { type: 'object' }, minItems: 1 },
  normalisation: text,
  beyond: { type: 'array', items: text, minItems: 1 },
  unknownSetting: { const: true },
  testImages: whole,
  stages: { type: 'object', additionalProperties: { type: 'object' } },
};

const SCHEMA = object(
  {
    schema: { const: 'retort-published/1' },
    metric: text,
    unit: { const: '%' },
    tables: {
      type: 'array',
      items: object(
        {
          method: text,
          paper: text,
          table: text,
          setting: object(
            {
              ...setting,
              select: { const: 'best' },
              replicates: object({ sets: whole, evaluations: whole }, ['sets', 'evaluations']),
            },
            ['stages'],
          ),
          cells: {
            type: 'array',
            items: object(
              {
                ...setting,
                data: text,
                imagesPerClass: whole,
                value: { type: 'number', minimum: 0, maximum: 100 },
                std: { type: 'number', minimum: 0 },
                table: text,
                unverified: { const: true },
              },
              ['data', 'value'],
            ),
          },
        },
        ['method', 'paper', 'table', 'setting', 'cells'],
      ),
    },
  },
  ['schema', 'metric', 'unit', 'tables'],
);

function object(properties: object, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** `place`: the file, for the failure. */
export function parsePublished(source: string, place: string): Result<PublishedFile> {
  const wrong = (message: string) =>
    fail('PUBLISHED_INVALID', `The published figures cannot be read: ${message}.`, { place });
  let file: unknown;
  try {
    file = JSON.parse(source);
  } catch (error) {
    return wrong((error as Error).message);
  }
  const valid = new Ajv({ allErrors: false }).compile<PublishedFile>(SCHEMA);
  if (valid(file)) return ok(file);
  const [first] = valid.errors ?? [];
  return wrong(`${first?.instancePath || 'the file'} ${first?.message ?? 'is something else'}`);
}
