/** What a program is fed has to be what its graph expects: names, shapes and types are fixed when it is built. */
import type { DType, Shape, Tensor } from '../tensor.ts';

export function checkedFeed(
  feeds: Readonly<Record<string, Tensor>>,
  name: string,
  { shape, dtype }: { readonly shape: Shape; readonly dtype: DType },
): Tensor {
  const fed = feeds[name];
  if (!fed) throw new Error(`The program wants the input ${name} ${dtype} [${shape}], which was not fed`);
  if (fed.dtype !== dtype || fed.shape.join() !== shape.join()) {
    throw new Error(`The input ${name} is ${dtype} [${shape}], but ${fed.dtype} [${fed.shape}] was fed`);
  }
  return fed;
}
