/** argv → operands and flags of one command, by its description; every mistake of the line in one answer. */
import { parseArgs } from 'node:util';
import type { Result } from '../../base/result.ts';
import { nearest, suggestion } from '../config/nearest.ts';
import type { Settings } from '../config/settings.ts';
import type { Command, Flag } from './command.ts';

export class Arguments {
  readonly operands: readonly string[];
  /** What counts where no flag is given. */
  readonly settings: Settings;
  readonly #values: ReadonlyMap<string, string | true>;

  constructor(operands: readonly string[], values: ReadonlyMap<string, string | true>, settings: Settings = {}) {
    this.operands = operands;
    this.settings = settings;
    this.#values = values;
  }

  withOperands(operands: readonly string[]): Arguments {
    return new Arguments(operands, this.#values, this.settings);
  }

  withSettings(settings: Settings): Arguments {
    return new Arguments(this.operands, this.#values, settings);
  }

  has(flag: string): boolean {
    return this.#values.has(flag);
  }

  text(flag: string): string | undefined {
    const value = this.#values.get(flag);
    return value === true ? undefined : value;
  }

  count(flag: string): number | undefined {
    const value = this.text(flag);
    return value === undefined ? undefined : Number(value);
  }
}

/** The error is one sentence a mistake. */
export function parseArguments(command: Command, argv: readonly string[]): Result<Arguments, readonly string[]> {
  const { flags } = command;
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value, short }]) => [
        name,
        { type: value ? ('string' as const) : ('boolean' as const), ...(short && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const operands: string[] = [];
  const values = new Map<string, string | true>();
  const mistakes: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flags[token.name];
    const mistake = flag ? checked(flag, token.rawName, token.value, token.inlineValue) : unknown(token.rawName, flags);
    if (mistake) mistakes.push(mistake);
    else values.set(token.name, token.value ?? true);
  }
  if (operands.length < command.fewest) mistakes.push(`Expected \`retort ${command.name} ${command.operands}\`.`);
  if (command.most !== undefined && operands.length > command.most)
    mistakes.push(
      `Expected no operand after ${command.most === 0 ? `\`${command.name}\`` : `\`${operands[command.most - 1]}\``}, got \`${operands[command.most]}\`.`,
    );
  return mistakes.length > 0 ? { ok: false, error: mistakes } : { ok: true, value: new Arguments(operands, values) };
}

function checked(flag: Flag, name: string, value: string | undefined, inline: boolean | undefined): string | undefined {
  if (!flag.value && !(flag.choices && value))
    return value === undefined || (flag.optional && value !== '') ? undefined : `\`${name}\` takes no value.`;
  if (value === undefined || value === '' || (flag.value && !inline && value.startsWith('-')))
    return `Expected a value after \`${name}\`: \`${name} ${flag.value}\`.`;
  if (flag.choices && !flag.choices.includes(value)) {
    const near = nearest(value, flag.choices);
    const expected = `Expected \`${name}\` to be ${list(flag.choices)}, got \`${value}\`.`;
    return near ? `${expected} Did you mean \`${near}\`?` : expected;
  }
  if (flag.count && !/^[1-9]\d{0,8}$/.test(value))
    return `Expected \`${name}\` to be a whole number from 1, got \`${value}\`.`;
  return undefined;
}

function unknown(name: string, flags: Readonly<Record<string, Flag>>): string {
  const names = Object.keys(flags).map((flag) => `--${flag}`);
  return `There is no flag \`${name}\`. ${suggestion(name, names, 'Flags') ?? ''}`.trim();
}

function list(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
