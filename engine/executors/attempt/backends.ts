/**
 * Backends as attempts see them: opened when the first program is prepared, since native engines take long to load and
 * some stages need none; kept by name and threads for the next attempt of the process, with their programs.
 */
import { canonicalJson } from '../../../base/canonical-json.ts';
import { FailureError, unwrap } from '../../../base/result.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { backendNumerics, openBackend } from '../../../tensor/backends/open.ts';
import { type Watched, watched } from '../../../tensor/backends/watched.ts';
import { keptNumerics, modeOf, type Numerics } from '../../plan/numerics.ts';
import type { PlanNode } from '../../plan/plan.ts';

const opened = new Map<string, Backend>();
const openedToWatch = new Map<string, Watched>();

export function backendFor(name: string, node: PlanNode): Backend {
  const id = `${name} ${node.threads}`;
  const backend = opened.get(id) ?? lazyBackend(name, node.threads);
  opened.set(id, backend);
  demandPlannedNumerics(backend, node);
  return backend;
}

/** Of its own: a watched backend keeps the graphs of its programs. */
export function watchedBackendFor(name: string, node: PlanNode): Watched {
  const id = `${name} ${node.threads}`;
  const watch = openedToWatch.get(id) ?? watched(lazyBackend(name, node.threads));
  openedToWatch.set(id, watch);
  demandPlannedNumerics(watch.backend, node);
  return watch;
}

function lazyBackend(name: string, threads: number): Backend {
  let opening: Promise<Backend> | undefined;
  return {
    name: name as Backend['name'],
    numerics: unwrap(backendNumerics(name)),
    async prepare(graph) {
      opening ??= openBackend(name, { threads }).then(unwrap);
      return (await opening).prepare(graph);
    },
  };
}

/** The key promises these numerics: a process that would compute with others must not write under it. */
function demandPlannedNumerics(backend: Backend, { id, threads, manifest }: PlanNode): void {
  const here = canonicalJson(keptNumerics({ ...backend.numerics, threads }, modeOf(manifest.numerics)));
  const planned = canonicalJson(manifest.numerics);
  if (here === planned) return;
  throw new FailureError({
    code: 'NUMERICS_DIFFER',
    message: `${id} was planned for ${planned}, but this process would compute with ${here}.`,
    help: 'Run the experiment on the machine and with the packages it was planned with, or plan it again.',
  });
}

/** For the record of a result whose key leaves the machine out: on what it was made. */
export function madeWith(name: string, { threads, manifest }: PlanNode): Numerics | undefined {
  return modeOf(manifest.numerics) === 'strict' ? undefined : { ...unwrap(backendNumerics(name)), threads };
}
