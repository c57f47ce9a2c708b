/** Whether a provider works here: only a session tells, so the smallest one is opened and run. */
import { fail, ok, type Result } from '../../../base/result.ts';
import { input } from '../../expr.ts';
import { add } from '../../ops/index.ts';
import { emitGraph } from './emit/graph.ts';
import { encodeModel } from './model.ts';
import { PROVIDER_HELP, type Provider } from './provider.ts';
import { type Runtime, sessionOptions } from './session.ts';

export async function tryProvider(runtime: Runtime, provider: Exclude<Provider, 'cpu'>): Promise<Result<void>> {
  const x = input('x', [2]);
  const { model, inputs } = emitGraph({ outputs: { twice: add(x, x) } }, undefined);
  try {
    const session = await runtime.InferenceSession.create(encodeModel(model), sessionOptions(1, provider));
    const fed = new runtime.Tensor('float32', Float32Array.of(1, 2), [2]);
    const { out_twice: twice } = await session.run({ [inputs.x?.value ?? 'x']: fed });
    await session.release();
    if (twice?.data[1] === 4) return ok(undefined);
    return missing(provider, `1 + 1 was ${String(twice?.data[0] ?? 'nothing')}`);
  } catch (error) {
    return missing(provider, reasonOf(error as Error));
  }
}

function missing(provider: Exclude<Provider, 'cpu'>, reason: string): ReturnType<typeof fail> {
  const message = `The provider ${provider} of onnxruntime does not work here: ${reason}`;
  return fail('BACKEND_MISSING', message, { help: PROVIDER_HELP[provider] });
}

/** The sentence without the place in onnxruntime's sources before it. */
function reasonOf({ message }: Error): string {
  const line = message.trim().split('\n')[0] ?? '';
  return line.replace(/^.* was false\. /, '').replace(/^\[ONNXRuntimeError\] : \d+ : \w+ : /, '');
}
