/**
 * The thread that beats. It also sees to it that no process outlives its driver for long: the main thread notices between
 * two steps, but a step may take minutes, or hang.
 */
import { parentPort } from 'node:worker_threads';
import { RENEW_EVERY_MS, renewLease, STALE_AFTER_MS } from '../../store/heartbeat.ts';

const driver = process.ppid;
let heartbeat: string | undefined;
let orphanedMs = 0;

parentPort?.on('message', (path: string | undefined) => {
  heartbeat = path;
});

setInterval(() => {
  if (heartbeat !== undefined) renewLease(heartbeat);
  orphanedMs = process.ppid === driver ? 0 : orphanedMs + RENEW_EVERY_MS;
  if (orphanedMs >= STALE_AFTER_MS) process.kill(process.pid, 'SIGKILL');
}, RENEW_EVERY_MS);
