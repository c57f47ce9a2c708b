/** Installs what is not an npm package of its own: the TensorFlow backend. */
import { installTensorflow } from '../../../tensor/backends/tensorflow/install.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tell, tellFailure } from '../output.ts';

export async function run(args: Arguments): Promise<number> {
  const [what] = args.operands;
  if (what !== 'tensorflow') {
    tell(`There is nothing to set up called ${what}; there is: tensorflow.\n`);
    return EXIT.usage;
  }
  const installed = await installTensorflow({ onStep: (step) => tell(`${step}\n`) });
  if (!installed.ok) {
    tellFailure(installed.error);
    return EXIT.packageMissing;
  }
  print(`${installed.value}\n`);
  tell('Use it with `--backend tensorflow`, or write `backend: tensorflow` in an experiment.\n');
  return EXIT.done;
}
