/** What convolution and its adjoints are told besides their inputs. */
import type { Expr } from '../../../expr.ts';
import { numberAttr, numbersAttr } from '../../../ops/attrs.ts';

export interface ConvAttributes {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

export function convAttributes({ attrs }: Expr): ConvAttributes {
  return {
    strides: numbersAttr(attrs, 'strides') as [number, number],
    padding: numbersAttr(attrs, 'padding') as [number, number, number, number],
    dilations: numbersAttr(attrs, 'dilations') as [number, number],
    groups: numberAttr(attrs, 'groups'),
  };
}
