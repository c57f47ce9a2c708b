/**
 * Installs what is not an npm package of its own: the TensorFlow backend, and onnxruntime's libraries for NVIDIA GPUs.
 * Then offers to make it the default of this project; nothing is ever written without a yes.
 */
import { relative, resolve } from 'node:path';
import type { Result } from '../../../base/result.ts';
import { projectSettings, SETTINGS_FILE } from '../../config/settings.ts';
import type { Arguments } from '../arguments.ts';
import { confirmed } from '../ask.ts';
import { EXIT } from '../exit-codes.ts';
import { inOneLine, print, tell, tellFailure } from '../output.ts';

interface Setup {
  readonly backend: string;
  install(args: Arguments): Promise<Result<string>>;
}

const SETUPS: Readonly<Record<string, Setup>> = {
  tensorflow: {
    backend: 'tensorflow',
    async install() {
      const { installTensorflow } = await import('../../../tensor/backends/tensorflow/install.ts');
      return installTensorflow({ onStep: (step) => tell(`${step}\n`) });
    },
  },
  cuda: {
    backend: 'onnxruntime:cuda',
    async install(args) {
      const { installCuda } = await import('../../../tensor/backends/onnxruntime/install-cuda.ts');
      return installCuda({ force: args.has('force'), onLine: (line) => tell(`${line}\n`) });
    },
  },
};

export async function run(args: Arguments): Promise<number> {
  const [what = ''] = args.operands;
  const setup = Object.hasOwn(SETUPS, what) ? SETUPS[what] : undefined;
  if (!setup) {
    tell(`There is nothing to set up called ${what}; there is: ${Object.keys(SETUPS).join(', ')}.\n`);
    return EXIT.usage;
  }
  const unwatched = exitOnSignals();
  const installed = await setup.install(args);
  unwatched();
  if (!installed.ok) {
    tellFailure(installed.error);
    return EXIT.packageMissing;
  }
  print(`${installed.value}\n`);
  const { probeBackend } = await import('../../../tensor/backends/probe.ts');
  const found = await probeBackend(setup.backend);
  if (!found.ok) {
    tell(`Installed, but it does not work here yet: ${inOneLine(found.error)}\n`);
    return EXIT.packageMissing;
  }
  return makeDefault(setup.backend, args);
}

/** Ended by a signal, half-built folders are removed on the way out. */
function exitOnSignals(): () => void {
  const end = () => process.exit(EXIT.stopped);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  };
}

async function makeDefault(backend: string, args: Arguments): Promise<number> {
  const path = projectSettings(process.cwd()) ?? resolve(SETTINGS_FILE);
  const shown = relative(process.cwd(), path);
  const line = `backend: ${backend}`;
  const question = `Write \`${line}\` into ${shown}, as the default of experiments that name no backend?`;
  if (!args.has('yes') && !(await confirmed(question))) {
    tell(`Use it with \`--backend ${backend}\`, or write \`${line}\` into an experiment or ${shown}.\n`);
    return EXIT.done;
  }
  const { writeSetting } = await import('../../config/write-setting.ts');
  const written = writeSetting(path, 'backend', backend);
  if (!written.ok) {
    tellFailure(written.error);
    return EXIT.usage;
  }
  tell(written.value ? `${shown} now says \`${line}\`.\n` : `${shown} already says \`${line}\`.\n`);
  return EXIT.done;
}
