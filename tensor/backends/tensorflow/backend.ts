/**
 * The backend `tensorflow`: a graph becomes a SavedModel, run as one graph by TensorFlow inside `@tensorflow/tfjs-node` or
 * `-gpu`. Never op by op: that is several times slower, and its own gradients are not used. A run blocks the thread.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok, type Result } from '../../../base/result.ts';
import type { Expr } from '../../expr.ts';
import { asFloat32, type DType, type Shape, type Tensor } from '../../tensor.ts';
import type { Backend, BackendOptions, Graph, Program } from '../backend.ts';
import { checkedFeed } from '../feeds.ts';
import { explained } from '../source.ts';
import { emitGraph } from './emit/graph.ts';
import { encodeSavedModel } from './graph-def.ts';
import { tensorflowNumerics } from './numerics.ts';
import { findRuntime, loadRuntime, type Runtime, type RuntimeModel, type RuntimeTensor } from './runtime.ts';

export async function openTensorflow({ threads }: BackendOptions): Promise<Result<Backend>> {
  const found = findRuntime();
  if (!found.ok) return found;
  const numerics = tensorflowNumerics();
  if (!numerics.ok) return numerics;
  const runtime = loadRuntime(found.value, threads);
  if (!runtime.ok) return runtime;
  return ok({
    name: 'tensorflow',
    numerics: { ...numerics.value, threads },
    prepare: (graph) => prepare(runtime.value, graph),
  });
}

async function prepare(runtime: Runtime, graph: Graph): Promise<Program> {
  const { model, inputs } = emitGraph(graph);
  const sources = new Map(model.nodes.map(({ name, source }) => [name, source]));
  // TensorFlow writes `{{node n12}}`.
  const told = (error: unknown) =>
    explained(error, (message) => sources.get(/\{\{node (?:.*\/)?(n\d+)\}\}/.exec(message)?.[1] ?? ''));
  const folder = mkdtempSync(join(tmpdir(), 'retort-model-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(model));
    return new TensorflowProgram(runtime, await runtime.node.loadSavedModel(folder), {
      inputs,
      outputs: graph.outputs,
      told,
    });
  } catch (error) {
    throw told(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class TensorflowProgram implements Program {
  readonly inputs: Readonly<Record<string, { shape: Shape; dtype: DType; fed: boolean }>>;
  readonly #runtime: Runtime;
  readonly #model: RuntimeModel;
  /** An error of TensorFlow, with the operation that it speaks of. */
  readonly #told: (error: unknown) => unknown;
  readonly #outputs: readonly (readonly [string, Pick<Expr, 'shape' | 'dtype'>])[];

  constructor(
    runtime: Runtime,
    model: RuntimeModel,
    { inputs, outputs, told }: { inputs: TensorflowProgram['inputs']; told: (error: unknown) => unknown } & Graph,
  ) {
    this.#runtime = runtime;
    this.#model = model;
    this.inputs = inputs;
    this.#told = told;
    this.#outputs = Object.entries(outputs).map(([name, { shape, dtype }]) => [name, { shape, dtype }]);
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const fed: Record<string, RuntimeTensor> = {};
    for (const [name, { shape, dtype, fed: wanted }] of Object.entries(this.inputs)) {
      const tensor = checkedFeed(feeds, name, { shape, dtype });
      if (wanted) fed[name] = this.#toRuntime(tensor);
    }
    const results = this.#predict(fed);
    const outputs = this.#outputs.map(([name, { shape, dtype }]) => {
      const result = results[name];
      if (!result) throw new Error(`The program gave no output ${name}`);
      return [name, { dtype, shape, data: result.dataSync() }] as const;
    });
    for (const tensor of [...Object.values(fed), ...Object.values(results)]) tensor.dispose();
    return Object.fromEntries(outputs);
  }

  dispose(): void {
    this.#model.dispose();
  }

  #predict(fed: Record<string, RuntimeTensor>): Record<string, RuntimeTensor> {
    try {
      return this.#model.predict(fed);
    } catch (error) {
      throw this.#told(error);
    }
  }

  #toRuntime(tensor: Tensor): RuntimeTensor {
    if (tensor.dtype === 'float') return this.#runtime.tensor(asFloat32(tensor), tensor.shape, 'float32');
    if (tensor.dtype === 'int') return this.#runtime.tensor(tensor.data as Int32Array, tensor.shape, 'int32');
    return this.#runtime.tensor(tensor.data as Uint8Array, tensor.shape, 'bool');
  }
}
