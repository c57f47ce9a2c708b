/** Every operator that is known, by its name in the standard domain. */
import type { Translation } from '../node.ts';
import { elementwise } from './elementwise.ts';
import { layers } from './layers.ts';
import { reductions } from './reductions.ts';
import { shape } from './shape.ts';
import { windows } from './windows.ts';

const operators: Readonly<Record<string, Translation>> = {
  ...elementwise,
  ...layers,
  ...windows,
  ...shape,
  ...reductions,
};

export function translationOf(op: string): Translation | undefined {
  return Object.hasOwn(operators, op) ? operators[op] : undefined;
}
