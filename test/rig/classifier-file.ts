/** A small classifier of the bundled images as an ONNX file, as a user would name one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { randomStream } from '../../tensor/random/stream.ts';

let made: string | undefined;
// Of the test file that asks for it.
afterAll(() => made && rmSync(dirname(made), { recursive: true, force: true }));

/** Its path; always the same bytes. */
export function classifierFile(): string {
  if (made) return made;
  const input = { channels: 1, height: 28, width: 28, classes: 10 };
  const network = unwrap(buildNetwork({ kind: 'convnet', width: 2, depth: 1, norm: 'batch' }, input));
  const values = initialise(network, randomStream({ base: 1 }, 'classifier'), 0);
  made = join(mkdtempSync(join(tmpdir(), 'retort-classifier-')), 'classifier.onnx');
  writeFileSync(made, unwrap(encodeTeacher({ network, values })));
  return made;
}
