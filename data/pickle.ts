/**
 * Reader of Python pickles that executes nothing. A pickle is a program for a stack machine whose instructions can import
 * and call anything; this reader knows the instructions that make plain data, and of imports and calls only those by which
 * NumPy arrays are written: `numpy.core.multiarray._reconstruct`, `numpy.ndarray`, `numpy.dtype` and, for byte strings that
 * Python 3 wrote for Python 2, `_codecs.encode`. They are recognised, not looked up. Everything else is refused by name.
 *
 * Long because it is one table of instructions.
 *
 * Invariant: no length is believed beyond the end of the file, and nothing follows the end of the pickle.
 */
import { fail, ok, type Result } from '../base/result.ts';
import { ArrayInMaking, callKnown, isKnown, KnownGlobal } from './pickle-numpy.ts';
import { PickledBytes, type PickledValue, textOf } from './pickle-values.ts';

class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const MARK = Symbol('mark');

export function readPickle(bytes: Uint8Array): Result<PickledValue> {
  try {
    return ok(new Machine(bytes).run());
  } catch (error) {
    if (error instanceof Refused) return fail(error.code, error.message);
    throw error;
  }
}

/** What instructions work on; lists, maps and arrays fill while the pickle is read. */
class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickledValue {
    if (this.#bytes[0] !== 0x80) throw new Refused('DATA_WRONG_FORMAT', 'is not a pickle of protocol 2 or later');
    for (;;) {
      const place = this.#at;
      const code = this.#take(1)[0] as number;
      const letter = String.fromCharCode(code);
      if (letter === '.') break;
      this.#execute(code, letter, place);
    }
    const rest = this.#bytes.length - this.#at;
    if (rest > 0) throw new Refused('DATA_TOO_LONG', `is too long: ${rest} bytes follow the end of its pickle`);
    return finished(this.#pop());
  }

  #execute(code: number, letter: string, place: number): void {
    switch (letter) {
      case '\x80': // protocol
        if ((this.#take(1)[0] as number) > 5)
          throw new Refused('DATA_WRONG_FORMAT', 'is a pickle of an unknown protocol');
        break;
      case '\x95': // frame: its length says nothing that is needed
        this.#take(8);
        break;
      case 'N':
        this.#push(null);
        break;
      case '\x88':
        this.#push(true);
        break;
      case '\x89':
        this.#push(false);
        break;
      case 'K':
        this.#push(this.#take(1)[0]);
        break;
      case 'M':
        this.#push(this.#unsigned(2));
        break;
      case 'J':
        this.#push(this.#unsigned(4) | 0);
        break;
      case '\x8a':
        this.#push(this.#long(this.#unsigned(1)));
        break;
      case 'G':
        this.#take(8);
        this.#push(this.#view.getFloat64(this.#at - 8));
        break;
      case 'U':
      case 'C':
        this.#push(new PickledBytes(this.#take(this.#unsigned(1))));
        break;
      case 'T':
      case 'B':
        this.#push(new PickledBytes(this.#take(this.#unsigned(4))));
        break;
      case '\x8e':
        this.#push(new PickledBytes(this.#take(this.#unsigned(8))));
        break;
      case '\x8c':
        this.#push(this.#text(this.#unsigned(1)));
        break;
      case 'X':
        this.#push(this.#text(this.#unsigned(4)));
        break;
      case '\x8d':
        this.#push(this.#text(this.#unsigned(8)));
        break;
      case ')':
      case ']':
        this.#push([]);
        break;
      case '}':
        this.#push(new Map());
        break;
      case '(':
        this.#push(MARK);
        break;
      case 't':
        this.#push(this.#toMark());
        break;
      case '\x85':
        this.#push(this.#popped(1));
        break;
      case '\x86':
        this.#push(this.#popped(2));
        break;
      case '\x87':
        this.#push(this.#popped(3));
        break;
      case 'a': {
        const item = this.#pop();
        this.#top(Array.isArray).push(item);
        break;
      }
      case 'e': {
        const items = this.#toMark();
        const list = this.#top(Array.isArray);
        for (const item of items) list.push(item);
        break;
      }
      case 's':
        this.#setItems(this.#popped(2));
        break;
      case 'u':
        this.#setItems(this.#toMark());
        break;
      case 'q':
        this.#remember(this.#unsigned(1));
        break;
      case 'r':
        this.#remember(this.#unsigned(4));
        break;
      case '\x94':
        this.#remember(this.#memo.size);
        break;
      case 'h':
        this.#push(this.#recalled(this.#unsigned(1)));
        break;
      case 'j':
        this.#push(this.#recalled(this.#unsigned(4)));
        break;
      case 'c': {
        const [module, name] = [this.#line(), this.#line()];
        this.#push(this.#global(module, name));
        break;
      }
      case '\x93': {
        const [module, name] = this.#popped(2).map(textOf);
        this.#push(this.#global(module ?? '?', name ?? '?'));
        break;
      }
      case 'R': {
        const [callee, parameters] = this.#popped(2);
        if (!(callee instanceof KnownGlobal) || !Array.isArray(parameters)) throw this.#damaged();
        const made = callKnown(callee, parameters);
        if (made === undefined) throw this.#damaged();
        this.#push(made);
        break;
      }
      case 'b': {
        const state = this.#pop();
        const made = this.#stack.at(-1);
        if (!(made instanceof ArrayInMaking) || !made.build(state)) throw this.#damaged();
        break;
      }
      default:
        throw new Refused(
          'DATA_WRONG_FORMAT',
          `is not a plain data file: its pickle has the instruction 0x${code.toString(16).padStart(2, '0')} at byte ${place}, which is not read here`,
        );
    }
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at)
      throw new Refused(
        'DATA_TRUNCATED',
        `is truncated: its pickle goes on after ${this.#bytes.length.toLocaleString('en-US')} bytes`,
      );
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Little-endian. */
  #unsigned(length: number): number {
    return this.#take(length).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** Two's complement, little-endian; beyond 2^53 nothing that these files hold. */
  #long(length: number): number {
    const bytes = this.#take(length);
    const value = bytes.reduceRight((total, byte) => total * 256 + byte, 0);
    return (bytes.at(-1) ?? 0) >= 128 ? value - 256 ** length : value;
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    const line = this.#take((end < 0 ? this.#bytes.length : end) - this.#at);
    this.#take(1);
    return new TextDecoder().decode(line);
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length === 0 || this.#stack.at(-1) === MARK) throw this.#damaged();
    return this.#stack.pop();
  }

  #popped(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #toMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#damaged();
    return this.#stack.splice(mark).slice(1);
  }

  #top<T>(is: (value: unknown) => value is T): T {
    const top = this.#stack.at(-1);
    if (!is(top)) throw this.#damaged();
    return top;
  }

  #setItems(items: readonly unknown[]): void {
    const map = this.#top((value): value is Map<string, unknown> => value instanceof Map);
    if (items.length % 2 !== 0) throw this.#damaged();
    for (let index = 0; index < items.length; index += 2) {
      const key = textOf(items[index]);
      if (key === undefined) throw new Refused('DATA_WRONG_FORMAT', 'has a dictionary with keys that are no text');
      map.set(key, items[index + 1]);
    }
  }

  #remember(place: number): void {
    if (this.#stack.length === 0) throw this.#damaged();
    this.#memo.set(place, this.#stack.at(-1));
  }

  #recalled(place: number): unknown {
    if (!this.#memo.has(place)) throw this.#damaged();
    return this.#memo.get(place);
  }

  #global(module: string, name: string): KnownGlobal {
    if (isKnown(module, name)) return new KnownGlobal(name);
    throw new Refused(
      'DATA_WRONG_FORMAT',
      `is not a plain data file: its pickle wants to use ${JSON.stringify(`${module}.${name}`)}, and retort executes nothing that a file asks for`,
    );
  }

  #damaged(): Refused {
    return new Refused('DATA_CORRUPT', `is damaged: its pickle makes no sense at byte ${this.#at}`);
  }
}

/** Values without what was only needed to make them. */
function finished(value: unknown): PickledValue {
  if (value instanceof ArrayInMaking) return value.finished() ?? damaged();
  if (Array.isArray(value)) return value.map(finished);
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, finished(item)]));
  if (value === MARK || value instanceof KnownGlobal) return damaged();
  return value as PickledValue;
}

function damaged(): never {
  throw new Refused('DATA_CORRUPT', 'is damaged: its pickle ends with something unfinished');
}
