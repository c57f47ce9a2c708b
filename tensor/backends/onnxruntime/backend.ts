/**
 * The backend `onnxruntime`: a graph becomes an ONNX model, the model an inference session of `onnxruntime-node` on the
 * processor, or with another of its execution providers. A run blocks the calling thread.
 */
import type { InferenceSession } from 'onnxruntime-node';
import { ok, type Result } from '../../../base/result.ts';
import type { Expr } from '../../expr.ts';
import { asFloat32, type DType, type Shape, type Tensor } from '../../tensor.ts';
import type { Backend, BackendOptions, Graph, Program } from '../backend.ts';
import { checkedFeed } from '../feeds.ts';
import { explained } from '../source.ts';
import { blockSize } from './block-size.ts';
import { emitGraph } from './emit/graph.ts';
import { encodeModel, nodeName, sourceIn } from './model.ts';
import { onnxruntimeNumerics } from './numerics.ts';
import { isForProcessor, type Provider } from './provider.ts';
import { loadRuntime, type Runtime, sessionOptions } from './session.ts';
import { tryProvider } from './try-provider.ts';

export async function openOnnxruntime(
  { threads }: BackendOptions,
  provider: Provider = 'cpu',
): Promise<Result<Backend>> {
  const numerics = onnxruntimeNumerics(provider);
  if (!numerics.ok) return numerics;
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  if (provider !== 'cpu') {
    const tried = await tryProvider(runtime.value, provider);
    if (!tried.ok) return tried;
  }
  return ok({
    name: provider === 'cpu' ? 'onnxruntime' : `onnxruntime:${provider}`,
    numerics: { ...numerics.value, threads },
    prepare: (graph) => prepare(runtime.value, graph, threads, provider),
  });
}

async function prepare(runtime: Runtime, graph: Graph, threads: number, provider: Provider): Promise<Program> {
  // The blocked layout is of the processor's kernels alone.
  const { model, inputs } = emitGraph(graph, provider === 'cpu' ? await blockSize(runtime) : undefined);
  const onProcessor = model.nodes.flatMap((node, index) =>
    isForProcessor(node, provider) ? [nodeName(node, index)] : [],
  );
  const options = sessionOptions(threads, provider, onProcessor);
  const sources = model.nodes.map(({ source }) => source);
  const told = (error: unknown) => explained(error, (message) => sourceIn(message, sources));
  try {
    const session = await runtime.InferenceSession.create(encodeModel(model), options);
    return new OnnxProgram(runtime, session, { inputs, outputs: graph.outputs, told });
  } catch (error) {
    throw told(error);
  }
}

class OnnxProgram implements Program {
  readonly inputs: Readonly<Record<string, { shape: Shape; dtype: DType; value?: string }>>;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  /** An error of the runtime, with the operation that it speaks of. */
  readonly #told: (error: unknown) => unknown;
  readonly #outputs: readonly (readonly [string, Pick<Expr, 'shape' | 'dtype'>])[];

  constructor(
    runtime: Runtime,
    session: InferenceSession,
    { inputs, outputs, told }: { inputs: OnnxProgram['inputs']; told: (error: unknown) => unknown } & Graph,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.inputs = inputs;
    this.#told = told;
    this.#outputs = Object.entries(outputs).map(([name, { shape, dtype }]) => [name, { shape, dtype }]);
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const values: Record<string, InstanceType<Runtime['Tensor']>> = {};
    for (const [name, { shape, dtype, value }] of Object.entries(this.inputs)) {
      const fed = checkedFeed(feeds, name, { shape, dtype });
      if (value !== undefined) values[value] = this.#toRuntime(fed);
    }
    const results = await this.#session.run(values).catch((error: unknown) => {
      throw this.#told(error);
    });
    return Object.fromEntries(
      this.#outputs.map(([name, { shape, dtype }]) => {
        const data = results[`out_${name}`]?.data;
        const usable = data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array;
        if (!usable) throw new Error(`The program gave no usable output ${name}`);
        return [name, { dtype, shape, data }];
      }),
    );
  }

  dispose(): void {
    void this.#session.release();
  }

  #toRuntime(tensor: Tensor): InstanceType<Runtime['Tensor']> {
    if (tensor.dtype === 'float') return new this.#runtime.Tensor('float32', asFloat32(tensor), tensor.shape);
    if (tensor.dtype === 'int') return new this.#runtime.Tensor('int32', tensor.data as Int32Array, tensor.shape);
    return new this.#runtime.Tensor('bool', tensor.data as Uint8Array, tensor.shape);
  }
}
