/** Which folders a command line means. */
import type { Arguments } from './arguments.ts';

export function storeFolder(args: Arguments): string {
  return args.text('store') ?? args.settings.store ?? 'runs';
}

/** Undefined: the bundled subsets. */
export function dataFolder(args: Arguments): string | undefined {
  return args.text('data') ?? args.settings.data;
}
