/** What stage kinds there are, and what one takes: the page of a stage comes from its own description. */
import type { JsonObject } from '../../../base/json.ts';
import { stageKind, stageKinds } from '../../../stages/registry.ts';
import type { StageKind } from '../../../stages/stage.ts';
import { STAGE_KEYS } from '../../config/experiment-schema.ts';
import { namesOf } from '../../config/named-values.ts';
import { suggestion } from '../../config/nearest.ts';
import { NETWORKS, takesNetworks } from '../../config/network-axes.ts';
import { isObject } from '../../plan/defaults.ts';
import { textBlock, wrapped } from '../../report/columns-of-text.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tellUsage } from '../output.ts';

export async function run(args: Arguments): Promise<number> {
  const [name] = args.operands;
  const kind = name === undefined ? undefined : stageKind(name);
  if (name !== undefined && !kind) {
    const names = stageKinds.map((known) => known.kind);
    tellUsage(`There is no stage kind \`${name}\`. ${suggestion(name, names, 'Stage kinds') ?? ''}`.trim(), 'stages');
    return EXIT.usage;
  }
  if (args.has('json')) {
    const shown = (kind ? [kind] : stageKinds).map(described);
    print(`${JSON.stringify({ schema: 'retort-stages/1', stages: shown }, null, 2)}\n`);
  } else print(kind ? page(kind) : overview());
  return EXIT.done;
}

/** All of a kind but its code. */
function described(kind: StageKind): JsonObject {
  return JSON.parse(JSON.stringify(kind)) as JsonObject;
}

function overview(): string {
  const lines = textBlock([
    { header: 'stage', cells: stageKinds.map(({ kind }) => kind) },
    { header: 'what it does', cells: stageKinds.map(({ description }) => description) },
  ]);
  return `${lines.join('\n')}\n`;
}

const WIDTH = 100;

function page(kind: StageKind): string {
  const parts = [
    `${kind.kind} (version ${kind.version})\n${wrapped(kind.description, WIDTH).join('\n')}`,
    section('Parameters', [
      ...parameters(kind.parameters.properties, kind.parameters.required ?? []),
      ...(takesNetworks(kind) ? [{ name: 'networks', facts: 'list, or map of names', description: NETWORKS }] : []),
    ]),
    section('Keys of every stage', parameters(STAGE_KEYS, [])),
    section(
      'Inputs',
      Object.entries(kind.inputs).map(([role, { type, required, many, description }]) => ({
        name: role,
        facts: `${type}${many ? ', or a list of them' : ''}${required ? '' : ', optional'}`,
        description,
      })),
    ),
    section(
      'Outputs',
      Object.entries(kind.outputs).map(([role, { type, description }]) => ({ name: role, facts: type, description })),
    ),
    `Draws random numbers for each ${kind.replicates.join(' and ') || 'experiment'}; native threads: ${kind.threads}.`,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

interface Line {
  readonly name: string;
  readonly facts: string;
  readonly description: string;
}

function section(title: string, lines: readonly Line[]): string {
  if (lines.length === 0) return '';
  const entries = lines.flatMap(({ name, facts, description }) => [
    `  ${name}: ${facts}`,
    ...wrapped(description, WIDTH - 6).map((line) => `      ${line}`),
  ]);
  return [title, ...entries].join('\n');
}

/** Inner parameters by their path, as overrides name them. */
function parameters(properties: Readonly<Record<string, JsonObject>>, required: readonly string[], path = ''): Line[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const line = {
      name: path + name,
      facts: [typeOf(schema), bounds(schema), required.includes(name) ? 'required' : defaultOf(schema)]
        .filter(Boolean)
        .join(', '),
      description: [String(schema.description ?? ''), examplesOf(schema), namesIn(schema)].filter(Boolean).join(' '),
    };
    const inner = schema.properties as Readonly<Record<string, JsonObject>> | undefined;
    return [
      line,
      ...(inner ? parameters(inner, (schema.required as string[] | undefined) ?? [], `${path}${name}.`) : []),
    ];
  });
}

function namesIn(schema: JsonObject): string {
  const names = namesOf(schema);
  return names ? `Names: ${Object.keys(names.values).join(', ')}.` : '';
}

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(String).join(' | ');
  if ('const' in schema) return String(schema.const);
  if (schema.type === 'array' && isObject(schema.items)) return `list of ${typeOf(schema.items)}`;
  return Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? 'value');
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonObject): string {
  const parts = [
    minimum !== undefined && `from ${String(minimum)}`,
    exclusiveMinimum !== undefined && `above ${String(exclusiveMinimum)}`,
    maximum !== undefined && `to ${String(maximum)}`,
    exclusiveMaximum !== undefined && `below ${String(exclusiveMaximum)}`,
  ];
  return parts.filter(Boolean).join(' ');
}

/** As they would be written. */
function examplesOf({ examples }: JsonObject): string {
  if (!Array.isArray(examples) || examples.length === 0) return '';
  const shown = examples.map((example) => (typeof example === 'string' ? example : JSON.stringify(example)));
  return `For example: ${shown.join('; ')}.`;
}

function defaultOf(schema: JsonObject): string {
  return 'default' in schema ? `default ${JSON.stringify(schema.default)}` : '';
}
