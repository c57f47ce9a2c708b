/**
 * JPEG and PNG files to bytes, by the library `sharp` (libjpeg-turbo). Its decoding is asynchronous, and a set is read
 * where nothing may wait; so a worker thread decodes into shared memory while the calling thread sleeps.
 *
 * Invariant: every picture comes out as `channels` planes of height × width, or one failure names the first that does not.
 * Embedded colour profiles and rotations are ignored, as the loaders of the published code do; what a picture has of
 * transparency is dropped, and grey is the same in all channels.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { fail, ok, type Result } from '../base/result.ts';

export interface PictureSize {
  readonly height: number;
  readonly width: number;
  /** Whether pictures of other sizes are scaled to cover it and cut to their centre; otherwise they are a failure. */
  readonly resize: boolean;
}

/** Pictures decoded at once. */
const TOGETHER = 8;
/** When no picture came out for so long, none will. */
const PATIENCE_MS = 120_000;

/** Runs as a script of its own, job after job; `state` is [finished, pictures decoded]. */
const WORKER = `
const { workerData } = require('node:worker_threads');
const { sharpPath, port } = workerData;
let sharp;
port.on('message', async (job) => {
  let failed;
  try {
    if (!sharp) {
      sharp = require(sharpPath);
      sharp.concurrency(1);
      sharp.cache(false);
    }
    failed = await decodeAll(job);
  } catch (error) {
    failed = { index: -1, message: error.message };
  }
  const done = new Int32Array(job.state);
  if (failed) port.postMessage({ ...failed, job: job.job });
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
});
async function decodeAll({ paths, pixels, state, height, width, resize, together }) {
  const done = new Int32Array(state);
  const out = new Uint8Array(pixels);
  const area = height * width;
  let next = 0;
  let failed;
  async function decode(sharp, index) {
    let picture = sharp(paths[index], { failOn: 'truncated', ignoreIcc: true }).removeAlpha().toColourspace('srgb');
    if (resize) picture = picture.resize(width, height, { fit: 'cover', position: 'centre', kernel: 'linear', fastShrinkOnLoad: false });
    const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
    if (info.height !== height || info.width !== width) {
      throw Object.assign(new Error('has ' + info.height + ' x ' + info.width + ' pixels, expected ' + height + ' x ' + width), { mismatch: true });
    }
    const start = index * 3 * area;
    for (let channel = 0; channel < 3; channel++) {
      const from = info.channels === 3 ? channel : 0;
      for (let pixel = 0; pixel < area; pixel++) out[start + channel * area + pixel] = data[pixel * info.channels + from];
    }
    Atomics.add(done, 1, 1);
  }
  async function line(sharp) {
    while (next < paths.length && !failed) {
      const index = next++;
      try {
        await decode(sharp, index);
      } catch (error) {
        if (!failed || index < failed.index) failed = { index, message: error.message, mismatch: error.mismatch === true };
      }
    }
  }
  await Promise.all(Array.from({ length: together }, () => line(sharp)));
  return failed;
}
`;

interface Trouble {
  /** Number of the decoding. */
  readonly job: number;
  readonly index: number;
  readonly message: string;
  readonly mismatch?: boolean;
}

/** The last two decodings, training and test pictures of one set: a process that runs stage after stage reads the same ones. */
const REMEMBERED = 2;
const REMEMBERED_BYTES = 2 ** 31;
const remembered = new Map<string, Uint8Array>();

/** As `decodePictures`, and remembered. Not to be changed: others may hold it as well. */
export function decodeImages(paths: readonly string[], size: PictureSize): Result<Uint8Array> {
  const key = keyOf(paths, size);
  const known = remembered.get(key);
  if (known) return ok(known);
  const decoded = decodePictures(paths, size);
  if (decoded.ok && decoded.value.length <= REMEMBERED_BYTES) {
    for (const old of [...remembered.keys()].slice(0, -REMEMBERED + 1)) remembered.delete(old);
    remembered.set(key, decoded.value);
  }
  return decoded;
}

/** Changes when a file does. */
function keyOf(paths: readonly string[], size: PictureSize): string {
  const hash = createHash('sha256').update(JSON.stringify(size));
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    hash.update(`${path} ${stat?.size} ${stat?.mtimeMs} ${stat?.ino}\n`);
  }
  return hash.digest('hex');
}

/** One for this process, that waits for the next job; it keeps no process alive. */
let decoder: MessagePort | undefined;

function openDecoder(): MessagePort {
  if (decoder) return decoder;
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(WORKER, {
    eval: true,
    execArgv: [],
    workerData: { sharpPath: createRequire(import.meta.url).resolve('sharp'), port: port2 },
    transferList: [port2],
  });
  worker.unref();
  decoder = port1;
  return port1;
}

/** Pictures that are being decoded by another thread. */
export interface Decoding {
  /** count × 3 × height × width, in the order of the paths; the calling thread sleeps until they are there. */
  wait(): Result<Uint8Array>;
}

let begun = 0;
/** What decodings have told that were not waited for yet, by their number. */
const troubles = new Map<number, Trouble>();

/** Begins at once, and goes on while the calling thread does other things. */
export function beginDecoding(paths: readonly string[], { height, width, resize }: PictureSize): Decoding {
  const pixels = new SharedArrayBuffer(paths.length * 3 * height * width);
  if (paths.length === 0) return { wait: () => ok(new Uint8Array(pixels)) };
  const state = new SharedArrayBuffer(8);
  const done = new Int32Array(state);
  const port = openDecoder();
  const job = begun++;
  port.postMessage({ job, paths, pixels, state, height, width, resize, together: TOGETHER });
  return {
    wait() {
      for (let before = -1; Atomics.load(done, 0) === 0; ) {
        Atomics.wait(done, 0, 0, PATIENCE_MS);
        const now = Atomics.load(done, 1);
        if (Atomics.load(done, 0) === 0 && now === before) {
          decoder = undefined;
          throw new Error(`Internal error: the decoder of pictures stopped after ${now} of ${paths.length}`);
        }
        before = now;
      }
      const trouble = troubleOf(port, job);
      return trouble ? undecoded(trouble, paths[trouble.index] ?? '') : ok(new Uint8Array(pixels));
    },
  };
}

/** As `beginDecoding`, waited for at once. */
export function decodePictures(paths: readonly string[], size: PictureSize): Result<Uint8Array> {
  return beginDecoding(paths, size).wait();
}

/** Of several decodings the troubles lie in the port in the order in which they ended. */
function troubleOf(port: MessagePort, job: number): Trouble | undefined {
  for (let told = receiveMessageOnPort(port); told; told = receiveMessageOnPort(port)) {
    const trouble = told.message as Trouble;
    troubles.set(trouble.job, trouble);
  }
  const own = troubles.get(job);
  troubles.delete(job);
  return own;
}

function undecoded(trouble: Trouble, path: string): Result<never> {
  if (trouble.index < 0) throw new Error(`Internal error: sharp cannot be loaded: ${trouble.message}`);
  return trouble.mismatch
    ? fail('DATA_MISMATCH', `${basename(path)} ${trouble.message}.`, {
        place: path,
        help: 'Check that the folder holds this set and not another one.',
      })
    : fail('DATA_CORRUPT', `${basename(path)} cannot be decoded: ${trouble.message.trim().split('\n')[0]}.`, {
        place: path,
        help: 'Get the file again from where the set is published; an interrupted unpacking is the usual cause.',
      });
}
