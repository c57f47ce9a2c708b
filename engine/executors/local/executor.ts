/**
 * Attempts in child processes of this machine. Children live on between attempts, since loading a native engine and
 * compiling programs takes longer than many a stage; the one that was busy last is taken first.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../base/package-root.ts';
import { FailureError } from '../../../base/result.ts';
import { keepingFreed } from '../../../tensor/backends/native-memory.ts';
import type { Executor } from '../executor.ts';
import { ChildHandle } from './child-handle.ts';

/** How long an idle child may take to notice that it is no longer wanted. */
const PATIENCE_MS = 5_000;

export function openLocalExecutor(): Executor {
  const children = new Set<ChildHandle>();
  const idle: ChildHandle[] = [];
  let script: string | undefined;
  let faulty = true;

  const killAll = () => {
    for (const child of children) child.kill();
  };

  const newChild = (gpus: string | undefined) => {
    script ??= childScript();
    if (children.size === 0) process.on('exit', killAll);
    const child = new ChildHandle(script, keepingFreed(environment(faulty)), gpus);
    children.add(child);
    void child.gone.then(() => {
      children.delete(child);
      const at = idle.indexOf(child);
      if (at >= 0) idle.splice(at, 1);
      if (children.size === 0) process.off('exit', killAll);
    });
    return child;
  };

  /** The one that was busy last, if it sees the right GPUs and has not grown too large for this attempt already. */
  const idleChild = (gpus: string | undefined, memory: number | undefined) => {
    const at = idle.findLastIndex((child) => child.gpus === gpus);
    const [child] = at < 0 ? [] : idle.splice(at, 1);
    if (!child || memory === undefined || child.memory <= memory / 2) return child;
    child.release();
    return undefined;
  };

  return {
    start(request, onMessage) {
      const gpus = request.gpus?.join(',');
      const child = idleChild(gpus, request.memory) ?? newChild(gpus);
      const attempt = child.start(request, onMessage);
      const end = attempt.end.then((how) => {
        if (how.type === 'lost') faulty = false;
        else if (children.has(child)) idle.push(child);
        return how;
      });
      return { ...attempt, end };
    },

    async close() {
      const all = [...children];
      for (const child of all) {
        if (idle.includes(child)) child.release();
        else child.kill();
      }
      const impatient = setTimeout(killAll, PATIENCE_MS);
      await Promise.all(all.map(({ gone }) => gone));
      clearTimeout(impatient);
    },
  };
}

/** An injected fault strikes once: the children that come after the first lost one are sound. */
function environment(faulty: boolean): NodeJS.ProcessEnv {
  const { RETORT_FAULT: fault, ...rest } = process.env;
  return faulty && fault !== undefined ? { ...rest, RETORT_FAULT: fault } : rest;
}

function childScript(): string {
  const script = join(packageRoot(), 'dist/engine/executors/local/child.js');
  if (existsSync(script)) return script;
  throw new FailureError({
    code: 'NOT_BUILT',
    message: 'The program for child processes is missing.',
    place: script,
    help: 'Build it with `npm run build`.',
  });
}
