/**
 * The real binary in a temporary folder: what every end-to-end test stands on. A test writes files, starts the command,
 * waits for lines of its output, kills it, and reads what it left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { childrenOf } from './processes.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
export const BINARY = join(ROOT, 'dist/engine/cli/main.js');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of `--reporter ndjson`, as far as tests look at it. */
export interface Event {
  readonly type: string;
  readonly node?: string;
  readonly attempt?: number;
  readonly fromStep?: number;
  readonly step?: number;
  readonly willRetry?: boolean;
  readonly executed?: number;
  readonly hits?: number;
  readonly run?: string;
}

/** All whole lines; a killed command may have cut its last one. */
export function events(stdout: string): Event[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Event);
}

/** A fresh folder, removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export class Project {
  readonly folder: string;

  /** A fresh one unless a test brings its own. */
  constructor(folder = temporaryFolder()) {
    this.folder = folder;
  }

  write(files: Readonly<Record<string, string | Uint8Array>>): this {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), content);
    }
    return this;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, [BINARY, ...args], {
      cwd: this.folder,
      env: { ...withoutSettings(), NO_COLOR: '1', CI: '1', XDG_CONFIG_HOME: this.path('.config'), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Running(child);
  }

  /** Runs to the end. */
  retort(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return this.start(args, environment).finished;
  }
}

/** What whoever runs the tests has chosen for runs of their own is not for these; where backends are installed, is. */
function withoutSettings(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('RETORT_') || name === 'RETORT_CACHE');
  return Object.fromEntries(kept.filter(([name]) => name !== 'FORCE_COLOR'));
}

export class Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  #stdout = '';
  #stderr = '';
  /** It has ended, and all that it said is here. */
  #ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const check of this.#waiting) check();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      for (const check of this.#waiting) check();
    });
    this.finished = new Promise((settle) => {
      child.on('close', (code, signal) => {
        this.#ended = true;
        settle({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
        for (const check of this.#waiting) check();
      });
    });
  }

  /** The first match in what the command has printed, waiting for it; fails when the command ends without it. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#wait(String(pattern), () => pattern.exec(`${this.#stdout}\n${this.#stderr}`) ?? undefined);
  }

  #wait<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((found, missing) => {
      const check = () => {
        const match = look();
        if (match === undefined && !this.#ended) return;
        this.#waiting.delete(check);
        if (match !== undefined) found(match);
        else missing(new Error(`The command ended without ${what}:\n${this.#stdout}\n${this.#stderr}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** The first event of `--reporter ndjson` that is meant, waiting for it; fails when the command ends without it. */
  event(isMeant: (event: Event) => boolean): Promise<Event> {
    return this.#wait('that event', () => events(this.#stdout).find(isMeant));
  }

  /** Processes that the command has started, by id. */
  children(): number[] {
    return childrenOf(this.child.pid);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Finished> {
    this.child.kill(signal);
    return this.finished;
  }
}
