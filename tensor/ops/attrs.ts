/** Reading attributes, and checking what they say about axes. */
import type { Attrs } from '../expr.ts';
import type { Shape } from '../tensor.ts';
import { reject } from './definition.ts';

export function numberAttr(attrs: Attrs, name: string): number {
  const value = attrs[name];
  return typeof value === 'number' ? value : reject(`the attribute ${name} has to be a number, got ${value}`);
}

export function numbersAttr(attrs: Attrs, name: string): readonly number[] {
  const value = attrs[name];
  return typeof value === 'object' ? value : reject(`the attribute ${name} has to be a list of numbers, got ${value}`);
}

export function flagAttr(attrs: Attrs, name: string): boolean {
  return attrs[name] === true;
}

/** A list of `count` whole numbers of at least `least`. */
export function countsAttr(attrs: Attrs, name: string, count: number, least: number): readonly number[] {
  const values = numbersAttr(attrs, name);
  if (values.length !== count || values.some((value) => !Number.isInteger(value) || value < least)) {
    reject(`${name} has to be ${count} whole numbers of at least ${least}, got [${values}]`);
  }
  return values;
}

export function axisAttr(attrs: Attrs, shape: Shape): number {
  const axis = numberAttr(attrs, 'axis');
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    reject(`the axis ${axis} is not one of [${shape}]`);
  }
  return axis;
}

export function axesAttr(attrs: Attrs, shape: Shape): readonly number[] {
  const axes = numbersAttr(attrs, 'axes');
  if (axes.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= shape.length)) {
    reject(`the axes [${axes}] are not all of [${shape}]`);
  }
  if (new Set(axes).size !== axes.length) reject(`the axes [${axes}] repeat one`);
  return axes;
}
