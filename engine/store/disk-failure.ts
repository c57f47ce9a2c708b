/** What the operating system says about a disk, as failures that tell the user what to do. Anything else is a bug. */
import { type Failure, FailureError } from '../../base/result.ts';

const ELSEWHERE = 'Choose another folder with --store DIR.';

const KNOWN: Readonly<Record<string, { code: string; says: string; help: string }>> = {
  EACCES: {
    code: 'STORE_READ_ONLY',
    says: 'may not be written by this user',
    help: `Change its owner or permissions. ${ELSEWHERE}`,
  },
  EPERM: {
    code: 'STORE_READ_ONLY',
    says: 'may not be written by this user',
    help: `Change its owner or permissions. ${ELSEWHERE}`,
  },
  EROFS: { code: 'STORE_READ_ONLY', says: 'lies on a read-only file system', help: ELSEWHERE },
  ENOSPC: {
    code: 'STORE_FULL',
    says: 'lies on a full disk',
    help: `Free some space: what is stored stays whole, and the same command continues. ${ELSEWHERE}`,
  },
  EDQUOT: {
    code: 'STORE_FULL',
    says: 'is over the quota of this user',
    help: `Free some space: what is stored stays whole, and the same command continues. ${ELSEWHERE}`,
  },
  EFBIG: {
    code: 'STORE_FULL',
    says: 'would need a larger file than is allowed here',
    help: `Raise the limit (\`ulimit -f\`). ${ELSEWHERE}`,
  },
  ENOTDIR: { code: 'STORE_NOT_A_FOLDER', says: 'has a file where a folder should be', help: ELSEWHERE },
  EEXIST: { code: 'STORE_NOT_A_FOLDER', says: 'has a file where a folder should be', help: ELSEWHERE },
  EMFILE: {
    code: 'STORE_BUSY',
    says: 'cannot be opened: too many files are open',
    help: 'Raise the limit (`ulimit -n`) or lower --concurrency.',
  },
  ENFILE: {
    code: 'STORE_BUSY',
    says: 'cannot be opened: too many files are open',
    help: 'Lower --concurrency, or close other programs.',
  },
  EIO: { code: 'STORE_DISK', says: 'lies on a disk that reports errors', help: `Check the disk. ${ELSEWHERE}` },
  ESTALE: {
    code: 'STORE_DISK',
    says: 'lies on a network disk that has gone away',
    help: 'Mount it again; the same command continues.',
  },
};

/** The failure behind an error of `node:fs`, or undefined where it is none that a disk makes. */
export function diskFailure(error: unknown, path: string): Failure | undefined {
  const { code } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : KNOWN[code];
  if (!known) return undefined;
  return { code: known.code, message: `The store ${known.says} (${code}).`, place: path, help: known.help };
}

/** Does something with the disk; what a disk may do wrong leaves as a `FailureError`. */
export function onDisk<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const failure = diskFailure(error, path);
    throw failure ? new FailureError(failure) : error;
  }
}

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
