/**
 * An ONNX graph walked once, in its own order, which the format demands to be one in which values come before their
 * uses: a cycle or a name from nowhere shows as a value that is not there yet. What does not depend on the images is
 * computed on the way, so that arithmetic on shapes disappears.
 */
import { type Failure, fail, ok, type Result } from '../../base/result.ts';
import { constant, type Expr } from '../../tensor/expr.ts';
import type { OnnxModel, OnnxNode } from '../../tensor/files/onnx/model.ts';
import { opDefinition } from '../../tensor/ops/registry.ts';
import { type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';
import { type GraphValue, NodeReader, type PassNotes, untranslatable } from './node.ts';
import { translationOf } from './operators/index.ts';

/** Operator sets whose operators are known. */
const OLDEST_OPSET = 7;
const NEWEST_OPSET = 25;

/** Elements of what is computed while the graph is built: shapes and small tables, no weights. */
const MOST_FOLDED = 4096;
/** Elements of any value for each image: a file that asks for more means harm or is no classifier. */
const MOST_ELEMENTS = 2 ** 31;

/** Operators and their versions, before anything is built. */
export function checkOperators({ nodes, opsets }: OnnxModel): Result<number> {
  const opset = opsets.get('') ?? 0;
  if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
    return fail('ONNX_OPSET', `Expected an operator set from ${OLDEST_OPSET} to ${NEWEST_OPSET}, got ${opset}`, {
      help: 'Export the model again with opset_version=17.',
    });
  }
  const unknown = new Set(
    nodes
      .filter(({ op, domain }) => domain !== '' || !translationOf(op))
      .map(({ op, domain }) => (domain ? `${domain}.${op}` : op)),
  );
  if (unknown.size === 0) return ok(opset);
  const named = [...unknown].slice(0, 10).join(', ');
  return fail('ONNX_OPERATOR', `The model uses operators that are not known here: ${named}`, {
    help: 'Export the network in eval mode, without quantisation, control flow or operators of a runtime.',
  });
}

export interface Walked {
  readonly values: ReadonlyMap<string, GraphValue>;
  readonly notes: PassNotes;
}

/** `images` stand for the model's input `inputName`, `weights` for initialisers. */
export function walkGraph(
  model: OnnxModel,
  {
    inputName,
    images,
    weights,
    notes,
  }: { inputName: string; images: Expr; weights: Readonly<Record<string, Expr>>; notes: PassNotes },
): Result<Walked> {
  const values = new Map<string, GraphValue>([[inputName, { expr: images }]]);
  for (const [name, tensor] of model.initialisers) {
    const expr = Object.hasOwn(weights, name) ? weights[name] : undefined;
    values.set(name, { expr: expr ?? constant(tensor), known: tensor, name });
  }
  for (const [index, node] of model.nodes.entries()) {
    const problem = addNode(node, values, notes);
    if (problem) return { ok: false, error: { ...problem, message: `${nodeTitle(node, index)}: ${problem.message}` } };
  }
  return ok({ values, notes });
}

function nodeTitle({ op, name }: OnnxNode, index: number): string {
  return `Node ${name || index} (${op})`;
}

function addNode(node: OnnxNode, values: Map<string, GraphValue>, notes: PassNotes): Failure | undefined {
  const missing = node.inputs.find((name) => name !== '' && !values.has(name));
  if (missing !== undefined) return graphFailure(`its input ${missing} is computed nowhere before it`);
  const twice = node.outputs.find((name) => values.has(name));
  if (twice !== undefined) return graphFailure(`its output ${twice} is there already`);
  const translation = translationOf(node.op);
  if (!translation) return graphFailure('its operator is not known here');
  try {
    const inputs = node.inputs.map((name) => values.get(name));
    const foldable = inputs.every((value) => !value || (value.known && value.known.data.length <= MOST_FOLDED));
    const read = foldable ? inputs.map((value) => value && { ...value, expr: constantOf(value) }) : inputs;
    const results = [translation(new NodeReader(node, read, notes))].flat() as readonly Expr[];
    for (const [index, name] of node.outputs.entries()) {
      const expr = results[index];
      if (name !== '' && expr) values.set(name, resultOf(expr, foldable, notes.batch));
    }
    return undefined;
  } catch (error) {
    return graphFailure(error instanceof Error ? error.message : String(error));
  }
}

function graphFailure(message: string): Failure {
  return {
    code: 'ONNX_GRAPH',
    message,
    help: 'Export the network in eval mode for images of the size it is used with.',
  };
}

function constantOf({ expr, known }: GraphValue): Expr {
  return known && expr.op !== 'constant' ? constant(known) : expr;
}

function resultOf(expr: Expr, foldable: boolean, batch: number): GraphValue {
  if (!(sizeOf(expr.shape) <= MOST_ELEMENTS * Math.max(1, batch)))
    untranslatable(`its result would have the shape [${expr.shape}]`);
  if (expr.value) return { expr, known: expr.value };
  const known = foldable ? folded(expr) : undefined;
  return known ? { expr: constant(known), known } : { expr };
}

/** The value of an expression of constants, unless it is large. */
function folded(root: Expr): Tensor | undefined {
  const tensors = new Map<Expr, Tensor>();
  const order = inTopologicalOrder([root]);
  if (order.some(({ shape }) => tooLarge(shape))) return undefined;
  for (const expr of order) {
    if (expr.op === 'input') return undefined;
    const inputs = expr.inputs.map((input) => tensors.get(input) ?? untranslatable('Internal error: no value'));
    tensors.set(expr, expr.value ?? opDefinition(expr.op).evaluate(inputs, expr.attrs, expr));
  }
  return tensors.get(root);
}

function tooLarge(shape: Shape): boolean {
  return !(sizeOf(shape) <= MOST_FOLDED);
}
