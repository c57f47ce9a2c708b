/** What a command is: help, parsing and completion all come from this description; its code is loaded only when it runs. */
import type { Arguments } from './arguments.ts';

export interface Flag {
  /** Name of its value in the help, e.g. `DIR`; a flag without one is a switch. */
  readonly value?: string;
  /** Of a switch that may also be given a value, as `--name=FILE`: the value's name. */
  readonly optional?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  /** A whole number of at least 1. */
  readonly count?: boolean;
  readonly description: string;
}

export interface Command {
  readonly name: string;
  /** After the name: `FILE… [key=value…]`. */
  readonly operands: string;
  /** How many operands there must be. */
  readonly fewest: number;
  readonly most?: number;
  readonly summary: string;
  /** Further lines of the command's own help. */
  readonly details?: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly flags: Readonly<Record<string, Flag>>;
  load(): Promise<{ run(args: Arguments): Promise<number> }>;
}
