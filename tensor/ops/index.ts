/** Everything that graphs are built with. Primitives are those of `tensor/OPS.md`, composites are made of them. */
import './table.ts';

export * from './builders.ts';
export * from './composites.ts';
export * from './elementwise-builders.ts';
export * from './resize.ts';
export * from './roi-align.ts';
