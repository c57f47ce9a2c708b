/** A program under way: how far it says that it is, how it ends, and how it is ended. What it prints goes on to the log. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../base/package-root.ts';
import { FailureError } from '../../base/result.ts';
import { StepInterrupted } from '../interrupted.ts';
import { progressIn } from './progress.ts';
import { NOT_STARTED_CODE, type SupervisedProgram } from './supervised.ts';

export interface ProgramOptions {
  readonly supervised: SupervisedProgram;
  readonly environment: Readonly<Record<string, string>>;
  readonly steps: number;
  report(figures: Readonly<Record<string, number>>): void;
}

/** Lines of its output that a failure shows. */
const LAST_LINES = 5;

export class Program {
  readonly #child: ChildProcess;
  readonly #options: ProgramOptions;
  readonly #ended: Promise<void>;
  readonly #last: string[] = [];
  #step = 0;
  #isOver = false;
  #stopping = false;
  #onProgress: () => void = () => {};

  constructor(options: ProgramOptions) {
    this.#options = options;
    const script = join(packageRoot(), 'dist/stages/command/supervisor.js');
    this.#child = spawn(process.execPath, [script, JSON.stringify(options.supervised)], {
      env: options.environment,
      // Ours to close, or the system's when this process dies.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = this.#watch();
    // Whoever waits hears of it; nobody may be waiting yet.
    this.#ended.catch(() => {});
  }

  /** Until it has done so many steps, or has ended well; all of them only once it has ended. */
  async reached(step: number): Promise<void> {
    while (!this.#isOver && (this.#step < step || step === this.#options.steps)) {
      const progress = new Promise<void>((heard) => {
        this.#onProgress = heard;
      });
      await Promise.race([progress, this.#ended]);
    }
    if (this.#isOver) await this.#ended;
  }

  ended(): Promise<void> {
    return this.#ended;
  }

  stop(): void {
    this.#stopping = true;
    this.#child.stdin?.destroy();
  }

  async #watch(): Promise<void> {
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on('error', () => {});
    for (const [from, to] of [
      [stdout, process.stdout],
      [stderr, process.stderr],
    ] as const)
      if (from)
        createInterface({ input: from }).on('line', (line) => {
          to.write(`${line}\n`);
          this.#hear(line);
        });
    const [code, problem] = await new Promise<[number | null, string | undefined]>((done) => {
      this.#child.on('error', (error) => done([null, error.message]));
      this.#child.on('close', (exit) => done([exit, undefined]));
    });
    this.#isOver = true;
    this.#onProgress();
    if (this.#stopping) throw new StepInterrupted();
    if (code === 0) return;
    throw new FailureError(failure(code, problem, this.#options.supervised.argv, this.#last));
  }

  #hear(line: string): void {
    const progress = progressIn(line);
    if (!progress) {
      this.#last.push(line);
      if (this.#last.length > LAST_LINES) this.#last.shift();
      return;
    }
    this.#options.report(progress.figures);
    const { step, steps } = progress;
    if (step === undefined) return;
    // Its own count may be finer, or coarser, than what was declared.
    const here = steps === undefined ? step : Math.floor((step * this.#options.steps) / Math.max(1, steps));
    if (here <= this.#step) return;
    this.#step = here;
    this.#onProgress();
  }
}

function failure(code: number | null, problem: string | undefined, argv: readonly string[], last: readonly string[]) {
  const said = last.length > 0 ? ` Its last lines: ${last.join(' | ')}` : '';
  if (problem !== undefined || code === NOT_STARTED_CODE)
    return {
      code: 'COMMAND_NOT_STARTED',
      message: `The program \`${argv[0]}\` cannot be started.${said}`,
      help: 'Name a program that is on the PATH, or a path; files of yours are declared by `files` and found as `./name`.',
    };
  const how = code !== null && code > 128 ? `was ended by signal ${code - 128}` : `ended with exit code ${code}`;
  return {
    code: 'COMMAND_FAILED',
    message: `The program \`${argv.join(' ')}\` ${how}.${said}`,
    help: 'Its whole output is in the log of the attempt.',
  };
}
