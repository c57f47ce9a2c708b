/** What a driver and its child say to each other over IPC; all of it JSON. */
import type { AttemptEnd, AttemptMessage, AttemptRequest } from '../executor.ts';

export type ToChild = { readonly type: 'run'; readonly request: AttemptRequest } | { readonly type: 'stop' };

export type FromChild = AttemptMessage | { readonly type: 'end'; readonly end: AttemptEnd };
