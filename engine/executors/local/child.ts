/**
 * Entry of a child process: runs one attempt after another for the driver that started it, and ends when its channel
 * closes. An attempt that is under way then finishes its step and writes a checkpoint first, so that a driver that is
 * killed costs next to nothing.
 *
 * Ctrl-C reaches every process of a terminal; the driver alone decides what it means.
 */
import { runAttempt } from '../attempt/attempt.ts';
import type { AttemptRequest } from '../executor.ts';
import type { FromChild, ToChild } from './messages.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

let running = false;
let stopAsked = false;

process.on('message', (message: ToChild) => {
  // Asked before a request comes, it was meant for the attempt that had just ended.
  stopAsked = message.type === 'stop';
  if (message.type === 'run') void run(message.request);
});
process.on('disconnect', () => {
  if (!running) process.exit();
});

async function run(request: AttemptRequest): Promise<void> {
  running = true;
  const end = await runAttempt(request, { send, stopAsked: () => stopAsked || !process.connected });
  running = false;
  send({ type: 'end', end });
  if (!process.connected) process.exit();
}

function send(message: FromChild): void {
  // A channel that is closed closes while a message is on its way: nobody is left to tell.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
