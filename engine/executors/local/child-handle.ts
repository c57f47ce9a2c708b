/**
 * The driver's side of one child process. What the child or its native libraries print goes to the log of the attempt
 * that it runs; a child that ends in the middle of an attempt is a lost attempt, whatever the reason.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { appendFileSync } from 'node:fs';
import type { Failure } from '../../../base/result.ts';
import { formatSize } from '../../../base/units.ts';
import type { Attempt, AttemptEnd, AttemptMessage, AttemptRequest } from '../executor.ts';
import { oomKills, recentOomKills, residentMemory } from './memory.ts';
import type { FromChild, ToChild } from './messages.ts';

const LOOK_AT_MEMORY_EVERY_MS = 500;

interface Current {
  readonly request: AttemptRequest;
  readonly onMessage: (message: AttemptMessage) => void;
  readonly settle: (end: AttemptEnd) => void;
  /** Of the whole machine, when the attempt began. */
  readonly oomKills: number;
  /** Bytes that were too many. */
  exceeded?: number;
}

export class ChildHandle {
  readonly #process: ChildProcess;
  /** Resolves when the process is gone and everything it said has been heard. */
  readonly gone: Promise<void>;
  /** CUDA_VISIBLE_DEVICES of the process, which it reads but once. */
  readonly gpus: string | undefined;
  #current: Current | undefined;
  #watching: NodeJS.Timeout | undefined;
  #log: string | undefined;

  constructor(script: string, environment: NodeJS.ProcessEnv, gpus?: string) {
    this.gpus = gpus;
    this.#process = fork(script, [], {
      env: { ...environment, ...(gpus !== undefined && { CUDA_VISIBLE_DEVICES: gpus }) },
      // Flags of the driver (a debugger's port, a test runner's loaders) are not for its children.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process.on('message', (message: FromChild) => this.#hear(message));
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (text: Buffer) => {
        if (this.#log !== undefined) appendFileSync(this.#log, text);
      });
    this.gone = this.#watchEnd();
  }

  /** One attempt at a time. */
  start(request: AttemptRequest, onMessage: (message: AttemptMessage) => void): Attempt {
    if (this.#current) throw new Error(`Internal error: expected an idle child, got one busy with ${request.node.id}`);
    this.#log = request.log;
    const end = new Promise<AttemptEnd>((settle) => {
      this.#current = { request, onMessage, settle, oomKills: recentOomKills() };
    });
    this.#watchMemory(request);
    this.#send({ type: 'run', request });
    return { end, stop: () => this.#send({ type: 'stop' }), kill: () => this.kill() };
  }

  /** Bytes; 0 where the system does not tell. */
  get memory(): number {
    return this.#process.pid === undefined ? 0 : residentMemory(this.#process.pid);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** The child ends by itself when its channel closes. */
  release(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  /** Besides what the attempt tells itself between its steps: one step may take minutes. */
  #watchMemory({ memory }: AttemptRequest): void {
    if (memory === undefined) return;
    this.#watching = setInterval(() => this.#checkMemory(this.memory), LOOK_AT_MEMORY_EVERY_MS);
    this.#watching.unref();
  }

  #checkMemory(bytes: number): void {
    const limit = this.#current?.request.memory;
    if (!this.#current || limit === undefined || bytes <= limit) return;
    this.#current.exceeded ??= bytes;
    this.kill();
  }

  #send(message: ToChild): void {
    // A child that has just died: its end says so.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #hear(message: FromChild): void {
    if (message.type === 'end') this.#settle(message.end);
    else {
      if (message.type === 'usage') this.#checkMemory(message.peakMemory);
      this.#current?.onMessage(message);
    }
  }

  #settle(end: AttemptEnd): void {
    clearInterval(this.#watching);
    const current = this.#current;
    this.#current = undefined;
    current?.settle(end);
  }

  async #watchEnd(): Promise<void> {
    const child = this.#process;
    let reason = 'ended';
    const event = (emitter: EventEmitter | null, name: string) =>
      new Promise<void>((done) => (emitter ? emitter.on(name, () => done()) : done()));
    child.on('exit', (code, signal) => {
      reason = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    });
    const unstarted = new Promise<void>((done) => {
      child.on('error', (error) => {
        if (child.pid !== undefined) return;
        reason = `could not be started (${error.message})`;
        done();
      });
    });
    // What it said last may still be on its way when the process is gone: messages come before `disconnect`, output before
    // the end of its streams. (`close` would tell both, but never comes where this side has disconnected.)
    const ended = [event(child, 'exit'), event(child.stdout, 'close'), event(child.stderr, 'close')];
    await Promise.race([unstarted, Promise.all([...ended, event(child, 'disconnect')])]);
    if (this.#current) this.#settle(lostEnd(this.#current, reason));
  }
}

function lostEnd({ request, exceeded, oomKills: before }: Current, reason: string): AttemptEnd {
  const { node, log: place, memory = 0 } = request;
  if (exceeded !== undefined)
    return {
      type: 'lost',
      outOfMemory: true,
      failure: {
        code: 'MEMORY_EXCEEDED',
        message: `${node.id} took ${formatSize(exceeded)} of memory, more than the ${formatSize(memory)} of its \`resources.memory\`, and was ended.`,
        place,
        help: 'Give its stage more `resources.memory`, or less to do at once.',
      },
    };
  // Killed by nobody of ours while the system was killing for want of memory.
  const outOfMemory = reason.includes('SIGKILL') && oomKills() > before;
  return { type: 'lost', failure: lostFailure(request, reason), ...(outOfMemory && { outOfMemory }) };
}

function lostFailure({ node, log }: AttemptRequest, reason: string): Failure {
  const memory = reason.includes('SIGKILL') ? ' A process that uses too much memory is ended this way.' : '';
  return {
    code: 'CHILD_LOST',
    message: `The process of ${node.id} ${reason}.`,
    place: log,
    help: `See the end of its log.${memory}`,
  };
}
