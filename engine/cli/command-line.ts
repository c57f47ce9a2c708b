/**
 * The command line: finds the command, checks its arguments, loads it, and turns its answer into an exit code. Only what
 * the help needs is loaded here, so that `retort --help` and a run of nothing but hits are quick.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { FailureError } from '../../base/result.ts';
import { BACKENDS } from '../config/backend-names.ts';
import { suggestion } from '../config/nearest.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { parseArguments } from './arguments.ts';
import { askNothing } from './ask.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import {
  drained,
  ignoreClosedPipes,
  print,
  printErrorsAsJson,
  tell,
  tellDiagnostics,
  tellFailure,
  tellUsage,
} from './output.ts';
import { wantJson } from './unsaid.ts';

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = withoutGlobal(argv);
  if (name === undefined) {
    tell(await help());
    return EXIT.usage;
  }
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    print(await help());
    return EXIT.done;
  }
  if (name === '--version' || name === '-V') {
    print(`${version()}\n`);
    return EXIT.done;
  }
  const wanted = name === 'help' ? (rest[0] ?? '') : name;
  const command = commands.find((candidate) => candidate.name === wanted);
  if (!command) {
    const names = commands.map((candidate) => candidate.name);
    tellUsage(
      wanted.startsWith('-')
        ? `Expected a command before \`${wanted}\`.`
        : `There is no command \`${wanted}\`. ${suggestion(wanted, names, 'Commands') ?? ''}`.trim(),
    );
    return EXIT.usage;
  }
  if (name === 'help' || rest.includes('--help') || rest.includes('-h')) {
    print((await import('./help.ts')).commandHelp(command));
    return EXIT.done;
  }
  if (rest.includes('--json') || /(^| )--format[= ]json( |$)/.test(rest.join(' '))) wantJson();
  const args = parseArguments(command, rest);
  if (!args.ok) {
    tellUsage(args.error.join('\n'), command.name);
    return EXIT.usage;
  }
  const operands = args.value.has('grid') ? (await import('./sweeps.ts')).swept(args.value.operands) : undefined;
  if (operands && !operands.ok) {
    tellUsage(operands.error.message, command.name);
    return EXIT.usage;
  }
  const settings = await settingsOf(command);
  if (!settings) return EXIT.usage;
  const { run } = await command.load();
  const given = operands ? args.value.withOperands(operands.value) : args.value;
  return run(given.withSettings(settings));
}

/** `--no-color` and `--no-input` go with every command, the first before what the environment says. */
function withoutGlobal(argv: readonly string[]): readonly string[] {
  if (argv.includes(NO_COLOUR)) {
    process.env.NO_COLOR = '1';
    delete process.env.FORCE_COLOR;
  }
  if (argv.includes(NO_INPUT)) askNothing();
  return argv.filter((argument) => argument !== NO_COLOUR && argument !== NO_INPUT);
}

const NO_COLOUR = '--no-color';
const NO_INPUT = '--no-input';

/** Undefined where they are wrong, which has been told. Commands that use none of them do not care. */
async function settingsOf({ flags }: Command): Promise<Settings | undefined> {
  if (!['store', 'data', 'backend'].some((flag) => flag in flags)) return {};
  const read = await readSettings({ folder: process.cwd(), environment: process.env, backends: BACKENDS });
  if (!read.ok) {
    tellDiagnostics(read.error);
    return undefined;
  }
  const { backend } = read.value;
  if (backend === undefined || BACKENDS.includes(backend)) return read.value;
  // A file's has been checked.
  tell(`RETORT_BACKEND: There is no backend \`${backend}\`. ${suggestion(backend, BACKENDS, 'Backends') ?? ''}`.trim());
  tell('\n');
  return undefined;
}

async function help(): Promise<string> {
  return (await import('./help.ts')).overview(version());
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** An expected failure that came as an exception keeps its sentence; everything else is a bug and keeps its stack. */
function exitCodeOfThrown(error: unknown): number {
  if (error instanceof FailureError) {
    tellFailure(error.failure);
    return exitCodeOf(error.failure);
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell(
    `${trace}\n\nThis is a bug of retort ${version()} (Node ${process.version}, ${process.platform} ${process.arch}); please report it with the lines above.\nFinished work is kept: the same command continues.\n`,
  );
  return EXIT.bug;
}

/** Ends the process. */
export async function runCommandLine(): Promise<never> {
  ignoreClosedPipes();
  process.on('uncaughtException', (error) => process.exit(exitCodeOfThrown(error)));
  const code = await main(process.argv.slice(2)).catch(exitCodeOfThrown);
  printErrorsAsJson();
  await drained();
  process.exit(code);
}
