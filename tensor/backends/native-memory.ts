/**
 * Where native engines get the memory of a run. Glibc by default gives large blocks back to the system at once and takes
 * them anew, page by page, for the next operation (a tenth more processor time at width 128). Engines avoid that with an
 * arena of their own, but one for each program: with a program for every augmentation, most of them lie idle. Told to keep
 * what was freed, the allocator of the process is one arena for all programs.
 */

/** Of glibc, which reads them when a process starts; other systems pass them over. */
const KEEPING = {
  MALLOC_MMAP_MAX_: '0',
  /** Bytes that may lie free before any go back. */
  MALLOC_TRIM_THRESHOLD_: `${4 * 2 ** 30}`,
} as const;

/** The environment of a process that is to compute; what the user has set stays. */
export function keepingFreed(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return process.platform === 'linux' ? { ...KEEPING, ...environment } : environment;
}

/** Whether this process was started in such an environment. */
export function keepsFreed(): boolean {
  return process.platform === 'linux' && Object.entries(KEEPING).every(([name, value]) => process.env[name] === value);
}
