import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{base,tensor,nn,methods,data,stages,engine,bench,test}/**/*.test.{ts,tsx}'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
