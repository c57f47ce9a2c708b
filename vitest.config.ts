import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{base,tensor,nn,methods,data,stages,engine,bench,test}/**/*.test.{ts,tsx}'],
    // Ample for a machine several times slower and busy besides: no test is about how long it takes.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
