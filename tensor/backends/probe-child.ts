/** The process of a probe: opens one backend, computes with it, and says in one line of JSON what it found. */
import { fail, ok, type Result } from '../../base/result.ts';
import { input } from '../expr.ts';
import { exp, matmul } from '../ops/index.ts';
import { floats } from '../tensor.ts';
import { openBackend } from './open.ts';
import { ANSWER } from './probe.ts';

export interface Found {
  readonly numerics: Readonly<Record<string, string | number>>;
  readonly device: 'cpu' | 'gpu';
}

async function probe(name: string): Promise<Result<Found>> {
  const opened = await openBackend(name, { threads: 1 });
  if (!opened.ok) return opened;
  const { numerics, prepare } = opened.value;
  const x = input('x', [1, 2]);
  const program = await prepare({ outputs: { y: exp(matmul(x, x, { transB: true })) } });
  const { y } = await program.run({ x: floats([0.6, 0.8], [1, 2]) });
  program.dispose();
  if (Math.abs((y?.data[0] ?? 0) - Math.E) > 1e-2)
    return fail('BACKEND_MISSING', `The backend ${name} computes wrong numbers: exp(1) was ${String(y?.data[0])}`);
  const isGraphics = numerics.provider !== undefined || String(numerics.version).includes('gpu');
  return ok({ numerics, device: isGraphics ? 'gpu' : 'cpu' });
}

const [name = ''] = process.argv.slice(2);
const answer = await probe(name).catch((error: Error) =>
  fail('BACKEND_MISSING', `The backend ${name} does not work: ${error.message}`),
);
process.stdout.write(`\n${ANSWER}${JSON.stringify(answer)}\n`, () => process.exit());
