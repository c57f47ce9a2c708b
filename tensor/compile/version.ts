/**
 * Raised whenever a rewrite, or the way a layer of `nn/` is written in operations, changes so that it may move a bit of any
 * backend's results: part of `numerics`.
 */
export const compilerVersion = 4;
