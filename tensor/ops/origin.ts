/**
 * Where a node was built: the nearest caller outside `tensor/`, e.g. `methods/dm.ts:24`. Reads the call sites without
 * formatting a stack: some microseconds a node.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../base/package-root.ts';

/** Builders are called by methods or by a composite; other composites call each other a few times. */
const fewFrames = 4;
const manyFrames = 16;
const tensorFolder = fileURLToPath(new URL('..', import.meta.url));

export function callerOrigin(): string | undefined {
  return nearestOutside(fewFrames) ?? nearestOutside(manyFrames);
}

function nearestOutside(frames: number): string | undefined {
  for (const site of callSites(frames)) {
    const file = pathOf(site.getFileName());
    if (file === undefined || (file.startsWith(tensorFolder) && !file.includes('.test.'))) continue;
    return `${named(file)}:${site.getLineNumber()}`;
  }
  return undefined;
}

function callSites(frames: number): readonly NodeJS.CallSite[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = frames;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, callerOrigin);
    // Reading it makes it.
    return holder.stack ?? [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    // Absent by default; assigning undefined would hide the default of Node.
    if (prepareStackTrace) Error.prepareStackTrace = prepareStackTrace;
    else Reflect.deleteProperty(Error, 'prepareStackTrace');
  }
}

const paths = new Map<string, string>();

function pathOf(file: string | null | undefined): string | undefined {
  if (!file?.startsWith('file:')) return file ?? undefined;
  let path = paths.get(file);
  if (path === undefined) {
    path = fileURLToPath(file);
    paths.set(file, path);
  }
  return path;
}

const names = new Map<string, string>();

function named(path: string): string {
  let name = names.get(path);
  if (name === undefined) {
    name = relative(packageRoot(), path)
      .split(sep)
      .join('/')
      .replace(/^dist\//, '');
    names.set(path, name);
  }
  return name;
}
