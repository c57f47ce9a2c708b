/**
 * One node of an ONNX graph as its translation sees it: inputs as expressions, attributes with their defaults, and the
 * values that are known while the graph is built (shapes, axes, bounds), which translations may ask for as numbers.
 */

import { constant, type Expr } from '../../tensor/expr.ts';
import type { OnnxNode } from '../../tensor/files/onnx/model.ts';
import { ints, type Shape, type Tensor } from '../../tensor/tensor.ts';
import type { BatchStatistics } from '../layers.ts';

/** Why a node cannot be translated; the graph's translation adds which one. */
export class Untranslatable extends Error {}

export function untranslatable(message: string): never {
  throw new Untranslatable(message);
}

export interface GraphValue {
  readonly expr: Expr;
  /** Where it does not depend on the images. */
  readonly known?: Tensor;
  /** Of an initialiser. */
  readonly name?: string;
}

/** What enters a batch norm, and what the norm believes of it. */
export interface FrozenNorm {
  readonly name: string;
  readonly input: Expr;
  /** Of the input in this pass: mean and biased variance per channel. */
  readonly statistics: BatchStatistics;
  /** Of the training set: [C] each. */
  readonly running: { readonly mean: Expr; readonly variance: Expr };
  readonly epsilon: number;
}

/** A convolution or a batch norm, by what enters it. */
export interface FrozenLayer {
  readonly name: string;
  readonly input: Expr;
  /** Of a batch norm. */
  readonly norm?: FrozenNorm;
}

/** What one walk through the graph carries along. */
export interface PassNotes {
  readonly opset: number;
  /** Images in this pass. */
  readonly batch: number;
  /** Images that the file fixes; undefined where it leaves their number open. */
  readonly fixedBatch: number | undefined;
  /** Which extent of a shape that a node writes down is, or holds, the file's fixed number of images. */
  readonly batchExtents: Map<OnnxNode, number>;
  readonly norms: FrozenNorm[];
  /** Convolutions and batch norms in the order of the graph. */
  readonly layers: FrozenLayer[];
  /** What the last linear layer sees. */
  embedding?: Expr;
}

export type Translation = (node: NodeReader) => Expr | readonly Expr[];

export class NodeReader {
  readonly node: OnnxNode;
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly notes: PassNotes;

  constructor(node: OnnxNode, inputs: readonly (GraphValue | undefined)[], notes: PassNotes) {
    this.node = node;
    this.inputs = inputs;
    this.notes = notes;
  }

  get opset(): number {
    return this.notes.opset;
  }

  x(index: number): Expr {
    return this.optional(index) ?? untranslatable(`its input ${index} is missing`);
  }

  optional(index: number): Expr | undefined {
    return this.inputs[index]?.expr;
  }

  /** Numbers that are known now; undefined where the input is left out. */
  numbers(index: number): number[] | undefined {
    const value = this.inputs[index];
    if (!value) return undefined;
    if (!value.known) return untranslatable(`its input ${index} is not known before the images are`);
    return Array.from(value.known.data);
  }

  /** An input that used to be an attribute, or the other way round. */
  numbersOrAttribute(index: number, name: string): readonly number[] | undefined {
    return this.numbers(index) ?? this.node.attributes.get(name)?.ints;
  }

  int(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.int ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.float ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    return this.node.attributes.get(name)?.string ?? otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.node.attributes.get(name)?.ints;
  }

  tensor(name: string): Tensor | undefined {
    return this.node.attributes.get(name)?.tensor;
  }
}

/** Counted from the end where negative. */
export function placeOf(axis: number, rank: number): number {
  const place = axis < 0 ? axis + rank : axis;
  return Number.isInteger(place) && place >= 0 && place < rank ? place : untranslatable(`it has no axis ${axis}`);
}

export function wholeNumbers(values: readonly number[], shape: Shape = [values.length]): Expr {
  return constant(ints(values, shape));
}
