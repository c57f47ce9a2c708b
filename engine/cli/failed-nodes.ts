/** What failed in a run, for a person: why, the last lines of its log, where the log lies, and how to try it alone. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Failure } from '../../base/result.ts';
import type { Reporter } from '../events.ts';
import type { Arguments } from './arguments.ts';
import { shellWord } from './shell-word.ts';

export interface FailedNode {
  readonly node: string;
  readonly failure: Failure;
  readonly log: string;
}

export interface FailureWatch {
  readonly reporter: Reporter;
  /** Ids of nodes that failed, or that were not run since one they need failed. */
  readonly failed: ReadonlySet<string>;
  readonly nodes: readonly FailedNode[];
}

export function failureWatch(): FailureWatch {
  const failed = new Set<string>();
  const nodes: FailedNode[] = [];
  return {
    failed,
    nodes,
    reporter: {
      onEvent(event) {
        if (event.type === 'node-failed' && !event.willRetry) {
          failed.add(event.node);
          nodes.push({ node: event.node, failure: event.failure, log: event.log });
        }
        if (event.type === 'node-skipped' && event.reason === 'upstream-failed') failed.add(event.node);
      },
      close() {},
    },
  };
}

/** More than a screen of them says less. */
const SHOWN = 5;
const LOG_LINES = 8;
const LOG_BYTES = 32_768;

/** `retry` gives the command that tries a node again. */
export function failureLines(nodes: readonly FailedNode[], retry: (node: string) => string): string[] {
  const lines = nodes
    .slice(0, SHOWN)
    .flatMap(({ node, failure, log }) => [
      `${node} failed: ${failure.message} (${failure.code})`,
      ...lastLines(log, failure).map((line) => `  | ${line}`),
      `  log: ${log}`,
      `  alone: ${retry(node)}`,
    ]);
  return nodes.length > SHOWN
    ? [...lines, `and ${nodes.length - SHOWN} more failed; \`retort status\` lists them.`]
    : lines;
}

/** The same command for one node, as a shell would read it. */
export function retryCommand(args: Arguments, file: string, overrides: readonly string[]): (node: string) => string {
  const given = ['store', 'data', 'backend', 'numerics', 'rerun-on'].flatMap((flag) => {
    const value = args.text(flag);
    return value === undefined ? [] : [`--${flag}`, value];
  });
  return (node) => ['retort', 'run', file, ...overrides, ...given, '--only', node].map(shellWord).join(' ');
}

/** Of the whole file only its end is read: a talkative library may have written gigabytes. */
function lastLines(path: string, { code }: Failure): string[] {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const bytes = Buffer.alloc(Math.min(size, LOG_BYTES));
      readSync(file, bytes, 0, bytes.length, size - bytes.length);
      const lines = bytes.toString().split('\n');
      return (
        lines
          // Without the first and the last line of an attempt: what they say stands above.
          .filter((line) => line.trim() !== '' && !line.endsWith(`(${code})`) && !/: attempt \d+ of run /.test(line))
          .slice(-LOG_LINES)
          .map((line) => (line.length > 200 ? `${line.slice(0, 199)}…` : line))
      );
    } finally {
      closeSync(file);
    }
  } catch {
    // It ended before it had written any.
    return [];
  }
}
