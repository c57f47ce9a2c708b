/**
 * Prints the digests of thread-cases.ts on a backend as JSON: `thread-child.js BACKEND THREADS TIMES`. TensorFlow takes
 * its threads once a process, so that comparing numbers of them takes processes.
 */
import { unwrap } from '../../../base/result.ts';
import { openBackend } from '../open.ts';
import { threadDigests } from './thread-cases.ts';

const [name = '', threads, times] = process.argv.slice(2);
const backend = unwrap(await openBackend(name, { threads: Number(threads) }));
process.stdout.write(JSON.stringify(await threadDigests(backend, Number(times))));
