/**
 * Whether a backend works here, found out in a process of its own: what native libraries print while they load reaches
 * nobody, and one that crashes takes only that process with it.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail, ok, type Result } from '../../base/result.ts';
import { openBackend } from './open.ts';
import type { Found } from './probe-child.ts';

/** Loading TensorFlow takes a second, on a loaded machine several; a driver may hang. */
const PATIENCE_MS = 60_000;

export async function probeBackend(name: string): Promise<Result<Found>> {
  const opened = name === 'reference' ? await openBackend(name, { threads: 1 }) : undefined;
  if (opened) return opened.ok ? ok({ numerics: opened.value.numerics, device: 'cpu' }) : opened;
  // The compiled file, whatever imports are called in the sources.
  const child = fileURLToPath(new URL('./probe-child.js', import.meta.url));
  if (!existsSync(child)) throw new Error(`Internal error: expected ${child} to be built`);
  return new Promise((settle) => {
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    execFile(process.execPath, [child, name], options, (error, stdout) => {
      const line = stdout.split('\n').find((text) => text.startsWith(ANSWER));
      if (line !== undefined) settle(JSON.parse(line.slice(ANSWER.length)) as Result<Found>);
      else settle(lost(name, error?.signal === 'SIGKILL' ? 'did not answer within a minute' : crashOf(error)));
    });
  });
}

/** Before the answer, among whatever else is printed. */
export const ANSWER = 'retort-probe: ';

function crashOf(error: { readonly signal?: NodeJS.Signals | null; readonly code?: unknown } | null): string {
  return error?.signal ? `was ended by ${error.signal}` : `ended with exit code ${String(error?.code ?? 0)}`;
}

function lost(name: string, how: string): ReturnType<typeof fail> {
  return fail('BACKEND_MISSING', `The backend ${name} cannot be loaded: the process that tried it ${how}`, {
    help: name.startsWith('tensorflow')
      ? 'Type `retort setup tensorflow` to build it again.'
      : 'Type `npm ci` to install it again, or use another with `--backend NAME`.',
  });
}
