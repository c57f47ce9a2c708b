/**
 * A peer in Python: a script of `bench/peers/` that reads its configuration as the first line of JSON, says what it is, and
 * answers each later line. `RETORT_PYTHON` names the interpreter (default `python3`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Json } from '../base/json.ts';
import { packageRoot } from '../base/package-root.ts';
import { FailureError, fail } from '../base/result.ts';

export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Starts `script`; `needs` are the Python packages that it imports, for the message when one is missing. */
  static async start(script: string, needs: string, configuration: Json): Promise<{ peer: Peer; about: Json }> {
    const python = process.env.RETORT_PYTHON ?? 'python3';
    const path = join(packageRoot(), 'bench/peers', script);
    const child = spawn(python, [path], { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    // A peer that ends early shows as the end of its output; a broken pipe says no more.
    child.stdin.on('error', () => {});
    const started = await Promise.race([
      once(child, 'spawn').then(() => true),
      once(child, 'error').then(() => false),
    ]).catch(() => false);
    const missing = (reason: string) =>
      new FailureError(
        fail('PEER_MISSING', `The peer ${needs} did not start with ${python}: ${reason}`, {
          help: `Install it: python3 -m venv peers && peers/bin/pip install ${needs}; then set RETORT_PYTHON=peers/bin/python.`,
        }).error,
      );
    if (!started) throw missing('no such program');
    const peer = new Peer(child, createInterface({ input: child.stdout }));
    const about = await peer.ask(configuration).catch(() => undefined);
    if (about === undefined) throw missing(errors.trim().split('\n').at(-1) ?? 'it ended');
    return { peer, about };
  }

  async ask(question: Json): Promise<Json> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('Internal error: expected the peer to answer, but it ended');
    return JSON.parse(value) as Json;
  }

  stop(): void {
    this.#child.kill();
  }
}
