/**
 * The driver's side of one child process. What the child or its native libraries print goes to the log of the attempt
 * that it runs; a child that ends in the middle of an attempt is a lost attempt, whatever the reason.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { appendFileSync } from 'node:fs';
import type { Failure } from '../../../base/result.ts';
import type { Attempt, AttemptEnd, AttemptMessage, AttemptRequest } from '../executor.ts';
import type { FromChild, ToChild } from './messages.ts';

interface Current {
  readonly request: AttemptRequest;
  readonly onMessage: (message: AttemptMessage) => void;
  readonly settle: (end: AttemptEnd) => void;
}

export class ChildHandle {
  readonly #process: ChildProcess;
  /** Resolves when the process is gone and everything it said has been heard. */
  readonly gone: Promise<void>;
  #current: Current | undefined;
  #log: string | undefined;

  constructor(script: string, environment: NodeJS.ProcessEnv) {
    this.#process = fork(script, [], {
      env: environment,
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
      this.#current = { request, onMessage, settle };
    });
    this.#send({ type: 'run', request });
    return { end, stop: () => this.#send({ type: 'stop' }), kill: () => this.kill() };
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** The child ends by itself when its channel closes. */
  release(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  #send(message: ToChild): void {
    // A child that has just died: its end says so.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #hear(message: FromChild): void {
    if (message.type === 'end') this.#settle(message.end);
    else this.#current?.onMessage(message);
  }

  #settle(end: AttemptEnd): void {
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
    if (this.#current) this.#settle({ type: 'lost', failure: lostFailure(this.#current.request, reason) });
  }
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
