/** A node by the values of its axes alone. */
import { expect, it } from 'vitest';
import { isShortFor } from './node-ids.ts';

it('the short name of a node has the values without what they are of, in their order', () => {
  expect(isShortFor('distil[1,0.1,2]', 'distil[imagesPerClass=1,rate=0.1,set=2]')).toBe(true);
  expect(isShortFor('distil[dm]', 'distil[method=dm]')).toBe(true);
  const wrong = ['distil[0.1,1,2]', 'distil[1,0.1]', 'distil[1,0.1,20]', 'distill[1,0.1,2]', 'distil'];
  expect(wrong.filter((name) => isShortFor(name, 'distil[imagesPerClass=1,rate=0.1,set=2]'))).toEqual([]);
  // A name that has none to leave out is no short one.
  expect(isShortFor('zca', 'zca')).toBe(false);
});
