/**
 * An ONNX image classifier as a frozen network: logits of images as an expression, so that derivatives flow into the
 * images, and at every batch norm what enters it beside what the norm was trained on. Weights stay values that programs
 * are fed, by the names of the file.
 */
import { type Failure, fail, ok, type Result } from '../../base/result.ts';
import { type Expr, input as inputExpr } from '../../tensor/expr.ts';
import { decodeOnnx, type OnnxModel, type OnnxValue } from '../../tensor/files/onnx/model.ts';
import { reshape } from '../../tensor/ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';
import type { NetworkInput } from '../network.ts';
import { TRACED_BATCH } from './fixed-batch.ts';
import { checkOperators, walkGraph } from './graph.ts';
import type { FrozenLayer, FrozenNorm, PassNotes } from './node.ts';

export type { FrozenLayer, FrozenNorm } from './node.ts';

export interface FrozenPass {
  /** [N, classes] */
  readonly logits: Expr;
  /** [N, features]: what the last linear layer sees, where there is one. */
  readonly embedding?: Expr;
  /** In the order of the graph; empty where the exporter folded them into convolutions. */
  readonly norms: readonly FrozenNorm[];
  /** Convolutions and batch norms, in the order of the graph. */
  readonly layers: readonly FrozenLayer[];
}

export interface FrozenNetwork {
  readonly input: NetworkInput;
  /** Every weight by its name in the file. */
  readonly values: Readonly<Record<string, Tensor>>;
  /** What the user should know: a last softmax left out, norms that were folded away. */
  readonly notes: readonly string[];
  /** `values` holds an expression for every weight; images may have any number, as far as the file allows. */
  apply(images: Expr, values: Readonly<Record<string, Expr>>): Result<FrozenPass>;
}

export interface FrozenOptions {
  /** The file, for failures. */
  readonly place?: string;
  /** Pixels down and across, where the file leaves them open. */
  readonly size?: readonly [number, number];
}

export function readFrozenNetwork(bytes: Uint8Array, { place, size }: FrozenOptions = {}): Result<FrozenNetwork> {
  const placed = <T>(result: Result<T>): Result<T> =>
    result.ok || place === undefined ? result : { ok: false, error: { place, ...result.error } };
  const model = decodeOnnx(bytes);
  if (!model.ok) return placed(model);
  return placed(frozen(model.value, size));
}

/** Inputs named as the weights: what a program over the network is fed. */
export function frozenInputs({ values }: FrozenNetwork): Record<string, Expr> {
  return Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, inputExpr(name, shape)]));
}

function frozen(model: OnnxModel, size: readonly [number, number] | undefined): Result<FrozenNetwork> {
  const opset = checkOperators(model);
  if (!opset.ok) return opset;
  const images = imageInput(model, size);
  if (!images.ok) return images;
  const { name, batch, extents } = images.value;
  const output = logitsName(model);
  if (!output.ok) return output;

  const batchExtents: PassNotes['batchExtents'] = new Map();
  const apply = (pictures: Expr, weights: Readonly<Record<string, Expr>>): Result<FrozenPass> => {
    const wanted = `${extents.channels},${extents.height},${extents.width}`;
    if (pictures.shape.length !== 4 || pictures.shape.slice(1).join() !== wanted) {
      return fail('ONNX_INPUT', `The network takes images [N, ${wanted}], got [${pictures.shape}]`, {
        help: 'Resize the images, or use a network that was exported for them.',
      });
    }
    const notes: PassNotes = {
      opset: opset.value,
      batch: pictures.shape[0] ?? 0,
      fixedBatch: batch,
      batchExtents,
      norms: [],
      layers: [],
    };
    const walked = walkGraph(model, { inputName: name, images: pictures, weights, notes });
    if (!walked.ok) return walked;
    const found = walked.value.values.get(output.value.name)?.expr;
    if (!found) return graphFailure(`The output ${output.value.name} is computed nowhere`);
    const logits = asRows(found, notes.batch);
    if (!logits.ok) return logits;
    const { embedding, norms, layers } = notes;
    return ok({ logits: logits.value, norms, layers, ...(embedding?.shape[0] === notes.batch && { embedding }) });
  };

  const floatWeights = [...model.initialisers].filter(([, { dtype }]) => dtype === 'float');
  const weights = Object.fromEntries(floatWeights.map(([weight, { shape }]) => [weight, inputExpr(weight, shape)]));
  const tryWith = (count: number) =>
    apply(inputExpr('', [count, extents.channels, extents.height, extents.width]), weights);
  const traced = batch === undefined ? undefined : tryWith(TRACED_BATCH);
  const trial = tryWith(batch ?? 1);
  if (!trial.ok) return trial;
  const bound = traced?.ok === false;
  const { logits, norms } = trial.value;
  const used = new Set(inTopologicalOrder([logits]).map(({ op, attrs }) => (op === 'input' ? attrs.name : undefined)));
  return ok({
    input: { ...extents, classes: logits.shape[1] ?? 0 },
    values: Object.fromEntries(floatWeights.filter(([weight]) => used.has(weight))),
    notes: [
      ...output.value.notes,
      ...(bound ? [`It was exported for batches of ${batch} and takes no other.`] : []),
      ...foldedNote(model, norms),
    ],
    apply: (pictures, values) =>
      bound && pictures.shape[0] !== batch ? fixedFailure(batch ?? 1, pictures.shape[0] ?? 0) : apply(pictures, values),
  });
}

function fixedFailure(batch: number, found: number): { ok: false; error: Failure } {
  return fail('ONNX_BATCH', `The network was exported for batches of ${batch}, got ${found} images`, {
    help: 'Export it with a dynamic batch size.',
  });
}

function graphFailure(message: string): { ok: false; error: Failure } {
  return fail('ONNX_GRAPH', message, { help: 'Export the network again.' });
}

function inputFailure(message: string): { ok: false; error: Failure } {
  return fail('ONNX_INPUT', message, {
    help: 'Export an image classifier whose one input is images [N, C, H, W] of floats.',
  });
}

const FLOATS = [1, 10, 11, 16];

function imageInput(
  { inputs }: OnnxModel,
  size: readonly [number, number] | undefined,
): Result<{ name: string; batch: number | undefined; extents: Omit<NetworkInput, 'classes'> }> {
  const [first, ...others] = inputs;
  if (!first || others.length > 0) {
    return inputFailure(
      `Expected one input, got ${
        inputs.length
          ? inputs
              .map(({ name }) => name)
              .slice(0, 5)
              .join(', ')
          : 'none'
      }`,
    );
  }
  const { name, type, shape } = first as OnnxValue;
  if (!FLOATS.includes(type) || shape?.length !== 4) {
    return inputFailure(`The input ${name} has the type ${type} and the shape ${shape ? `[${shape}]` : 'unknown'}`);
  }
  const [batch, channels, rows, columns] = shape;
  const [height, width] = [
    typeof rows === 'number' && rows > 0 ? rows : size?.[0],
    typeof columns === 'number' && columns > 0 ? columns : size?.[1],
  ];
  if (height === undefined || width === undefined)
    return inputFailure('The file leaves the size of its images open; say it');
  const fits = [channels, height, width].every(
    (extent) => typeof extent === 'number' && extent >= 1 && extent <= 2 ** 16,
  );
  if (!fits) return inputFailure(`The input ${name} has the shape [${shape}]`);
  return ok({
    name,
    batch: typeof batch === 'number' && batch > 0 && batch <= 2 ** 16 ? batch : undefined,
    extents: { channels: channels as number, height, width },
  });
}

/** The first output, or what a last softmax makes it of. */
function logitsName({ nodes, outputs }: OnnxModel): Result<{ name: string; notes: string[] }> {
  const [first] = outputs;
  if (!first) return graphFailure('The model has no output');
  const producer = nodes.find(({ outputs: made }) => made.includes(first.name));
  const [before] = producer?.inputs ?? [];
  if ((producer?.op === 'Softmax' || producer?.op === 'LogSoftmax') && before !== undefined) {
    return ok({ name: before, notes: [`Its last ${producer.op} is left out, so that it gives logits.`] });
  }
  return ok({ name: first.name, notes: [] });
}

function asRows(found: Expr, batch: number): Result<Expr> {
  const [count, classes = 0, ...rest] = found.shape;
  if (found.dtype !== 'float' || found.shape.length < 2 || count !== batch || rest.some((extent) => extent !== 1)) {
    return fail('ONNX_OUTPUT', `Expected logits [${batch}, classes], got ${found.dtype} [${found.shape}]`, {
      help: 'Export an image classifier whose first output is its logits, with a dynamic batch size.',
    });
  }
  return ok(reshape(found, [batch, classes]));
}

/** Convolutions with a bias that no norm follows: what is left where an exporter folded a norm into one. */
function foldedNote({ nodes }: OnnxModel, norms: readonly FrozenNorm[]): string[] {
  const normed = new Set(nodes.filter(({ op }) => op === 'BatchNormalization').map(({ inputs }) => inputs[0]));
  const biased = nodes.filter(
    ({ op, inputs, outputs }) => op === 'Conv' && (inputs[2] ?? '') !== '' && !normed.has(outputs[0]),
  ).length;
  if (biased === 0) return [];
  return [
    `It shows ${norms.length} batch norms, and ${biased} convolutions have a bias and no norm behind them: an exporter may ` +
      'have folded norms into them. To keep all, export with ' +
      'training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, dynamo=False.',
  ];
}
