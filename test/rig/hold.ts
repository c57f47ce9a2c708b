/** A process that waits at a fault point, however slow or fast the machine, until the test lets it go on. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Running, temporaryFolder } from './retort.ts';

/** Nothing tells that a file has appeared: it is looked for. */
const LOOK_EVERY_MS = 10;

export class Hold {
  readonly #file = join(temporaryFolder(), 'waiting');
  /** Of the command: each of its processes that passes the point so often waits, so name a passing that one alone comes to. */
  readonly environment: Readonly<Record<string, string>>;

  /** `point` as `RETORT_FAULT` names it, with its number. */
  constructor(point: string) {
    this.environment = { RETORT_FAULT: `${point}@${this.#file}` };
  }

  /** Resolves when a process waits; fails when the command ends without. */
  async reached(command?: Running): Promise<void> {
    let ended = false;
    void command?.finished.then(() => {
      ended = true;
    });
    while (!existsSync(this.#file)) {
      if (ended) throw new Error(`The command ended without ${this.environment.RETORT_FAULT}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }
}
