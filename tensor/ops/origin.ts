/**
 * Where a node was built: the nearest caller outside `tensor/`, e.g. `methods/dm.ts:24`. Reads the call sites without
 * formatting a stack: some microseconds a node.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../base/package-root.ts';

/** Frames of `tensor/` between a method's line and `apply`: builders and composites, never deep. */
const frames = 10;
const tensorFolder = fileURLToPath(new URL('..', import.meta.url));

export function callerOrigin(): string | undefined {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = frames;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, callerOrigin);
    // Reading it makes it.
    for (const site of holder.stack ?? []) {
      const file = pathOf(site.getFileName());
      if (file === undefined || (file.startsWith(tensorFolder) && !file.includes('.test.'))) continue;
      return `${named(file)}:${site.getLineNumber()}`;
    }
    return undefined;
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
