/** A peer that is a command-line tool from PyPI, run as `python -m NAME` by `RETORT_PYTHON` (default `python3`). */
import { spawnSync } from 'node:child_process';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Whole, whole } from './process.ts';

const python = process.env.RETORT_PYTHON ?? 'python3';

/** Or why it does not start. */
export function versionOf(tool: string): Result<string> {
  const { status, stdout, stderr, error } = spawnSync(python, ['-m', tool, '--version'], { encoding: 'utf8' });
  if (status === 0) return ok(stdout.trim());
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it ended';
  return fail('PEER_MISSING', `The peer ${tool} did not start with ${python}: ${reason}`, {
    help: `Install it: python3 -m venv peers && peers/bin/pip install ${tool}; then set RETORT_PYTHON=peers/bin/python.`,
  });
}

export function runTool(tool: string, args: readonly string[], folder: string): Promise<Whole> {
  return whole(python, ['-m', tool, ...args], folder);
}
