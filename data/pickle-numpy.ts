/** The few names that NumPy's arrays are pickled by, and what becomes of them: a description, no call of anything. */
import { type PickledArray, PickledBytes, textOf } from './pickle-values.ts';

export type KnownName = '_reconstruct' | 'ndarray' | 'dtype' | 'encode';

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'numpy.core.multiarray': ['_reconstruct'],
  'numpy._core.multiarray': ['_reconstruct'],
  numpy: ['ndarray', 'dtype'],
  _codecs: ['encode'],
};

export class KnownGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export function isKnown(module: string, name: string): boolean {
  return Object.hasOwn(KNOWN, module) && (KNOWN[module]?.includes(name) ?? false);
}

/** A dtype or an array between its making and its state. */
export class ArrayInMaking {
  /** Of a dtype: its letter and size. */
  readonly type: string | undefined;
  #array: PickledArray | undefined;

  constructor(type?: string) {
    this.type = type;
  }

  /** Takes the state that follows; false where that is not one of an array of numbers. */
  build(state: unknown): boolean {
    if (!Array.isArray(state)) return false;
    // Of a dtype: (version, byte order, …), where bytes have no order and numbers must be little-endian.
    if (this.type !== undefined) return ['|', '<', '='].includes(textOf(state[1]) ?? '');
    const [, shape, dtype, fortranOrder, content] = state as unknown[];
    if (!isShape(shape) || !(dtype instanceof ArrayInMaking) || !(content instanceof PickledBytes)) return false;
    const size = Number(dtype.type?.slice(1));
    const length = shape.reduce((product, side) => product * side, size);
    const rowMajor = !fortranOrder || shape.filter((side) => side > 1).length < 2;
    if (content.bytes.length !== length || !rowMajor) return false;
    this.#array = { shape, type: dtype.type ?? '', bytes: content.bytes };
    return true;
  }

  finished(): PickledArray | undefined {
    return this.#array;
  }
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

/** What a known call makes; undefined where its parameters are not those that NumPy writes. */
export function callKnown({ name }: KnownGlobal, parameters: readonly unknown[]): unknown {
  const [first, second] = parameters;
  if (name === '_reconstruct') {
    return first instanceof KnownGlobal && first.name === 'ndarray' ? new ArrayInMaking() : undefined;
  }
  if (name === 'dtype') {
    const type = textOf(first);
    return type !== undefined && /^[biuf][1248]$/.test(type) ? new ArrayInMaking(type) : undefined;
  }
  // Python 3 writes bytes for Python 2 as text in which each character is a byte.
  if (name === 'encode') {
    return typeof first === 'string' && second === 'latin1'
      ? new PickledBytes(Buffer.from(first, 'latin1'))
      : undefined;
  }
  return undefined;
}
