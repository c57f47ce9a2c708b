/**
 * Stands between an attempt and a program, so that the program never outlives the attempt: when the pipe from the attempt
 * closes, for whatever reason, the program's whole group gets SIGTERM and, after a grace time, SIGKILL. Ends as the program
 * has ended. Run as `supervisor.js '{"argv": [...], ...}'`.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { argv, exit, platform, stderr, stdin } from 'node:process';
import { NOT_STARTED_CODE, type SupervisedProgram } from './supervised.ts';

const { argv: words, work, folder, grace } = JSON.parse(argv[2] ?? '') as SupervisedProgram;
const [program = '', ...rest] = words;

// They reach every process of a terminal; the attempt alone decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

// A group of its own, so that what the program starts ends with it.
const child = spawn(program, rest, {
  cwd: work,
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
});
let unwanted = false;

child.on('error', (error) => {
  stderr.write(`The program cannot be started: ${error.message}\n`);
  end(NOT_STARTED_CODE);
});
child.on('exit', (code, signal) => {
  killGroup('SIGKILL');
  end(signal ? 128 + constants.signals[signal] : (code ?? 1));
});
stdin.on('close', stop);
stdin.resume();

function stop(): void {
  if (unwanted) return;
  unwanted = true;
  killGroup('SIGTERM');
  setTimeout(() => killGroup('SIGKILL'), 1000 * grace);
}

function killGroup(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nobody is left.
  }
}

function end(code: number): void {
  if (unwanted) rmSync(folder, { recursive: true, force: true });
  exit(code);
}
