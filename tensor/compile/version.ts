/** Raised whenever a rewrite changes in a way that may move a bit of any backend's results: part of `numerics`. */
export const compilerVersion = 1;
