/**
 * How images look to networks: normalised by the set's mean and deviation or, where a stage reads a fit of `zca`,
 * whitened by it. Whatever lives in one space (real, test and synthetic images, trajectories) must be used in that one,
 * so its files carry the digest of the fit. Pictures are made by the inverse.
 */
import { sha256 } from '../base/digest.ts';
import { unwrap } from '../base/result.ts';
import type { DataSetFacts, Split } from '../data/data-set.ts';
import { normalised } from '../data/normalise.ts';
import { unwhiten, whiten, type Zca } from '../data/zca.ts';
import type { Backend } from '../tensor/backends/backend.ts';
import { type Expr, input } from '../tensor/expr.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import { programs } from './programs.ts';
import { rows, stacked } from './rows.ts';
import type { ArtifactReader } from './stage.ts';
import { picture, type SyntheticSet } from './synthetic-set.ts';
import { readWhitening, WHITENING_FILE } from './whitening.ts';

export interface ImageSpace {
  /** Digest of the fit; undefined where mean and deviation are used. */
  readonly whitening: string | undefined;
  /** The images at `indices`, in that order; those at `next` are decoded while the caller works on them. */
  read(split: Split, indices: ArrayLike<number>, next?: ArrayLike<number>): Promise<Tensor>;
  /** A synthetic set of this space as a PNG. */
  picture(set: SyntheticSet): Promise<Uint8Array>;
  close(): void;
}

/** Images that are whitened at a time. */
const CHUNK = 256;

export function openImageSpace(data: DataSetFacts, backend: Backend, fit?: ArtifactReader): ImageSpace {
  if (!fit)
    return {
      whitening: undefined,
      read: async (split, indices, next) => normalised(data, split, indices, next),
      picture: async (set) => picture(set, data),
      close() {},
    };

  const bytes = fit.read(WHITENING_FILE);
  const zca = unwrap(readWhitening(bytes, data));
  const compiled = programs(backend);
  const bare = { ...data, mean: data.mean.map(() => 0), std: data.std.map(() => 1) };
  const apply = async (images: Tensor, name: keyof typeof PROGRAMS): Promise<Tensor> => {
    const parts: Tensor[] = [];
    const total = images.shape[0] ?? 0;
    for (let start = 0; start < total; start += CHUNK) {
      const part = rows(images, start, Math.min(CHUNK, total - start));
      const program = await compiled.get(`${name} ${part.shape}`, () => ({ images: PROGRAMS[name](part.shape, zca) }));
      parts.push((await program.run({ images: part, ...zca })).images as Tensor);
    }
    return parts.length === 1 ? (parts[0] as Tensor) : stacked(parts);
  };
  return {
    whitening: sha256(bytes),
    read: (split, indices, next) => apply(normalised(bare, split, indices, next), 'whiten'),
    picture: async (set) => picture({ ...set, images: await apply(set.images, 'unwhiten') }, bare),
    close: compiled.close,
  };
}

const PROGRAMS = {
  whiten: (shape: Shape, zca: Zca): Expr => whiten(input('images', shape), inputsOf(zca, 'mean', 'matrix')),
  unwhiten: (shape: Shape, zca: Zca): Expr => unwhiten(input('images', shape), inputsOf(zca, 'mean', 'inverse')),
};

function inputsOf<Name extends keyof Zca>(zca: Zca, ...names: readonly Name[]): Record<Name, Expr> {
  return Object.fromEntries(names.map((name) => [name, input(name, zca[name].shape)])) as Record<Name, Expr>;
}
