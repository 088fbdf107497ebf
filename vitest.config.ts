import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` for tests that need no other program and take seconds, `e2e` for tests that start processes,
 * browsers or GPUs, decode videos, run whole encoders, train, or replace modules. The file name decides: `*.e2e.test.ts`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.e2e.test.ts'],
          // Importing takes longer than testing, so a worker keeps its modules from one file to the next.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'e2e', include: ['test/**/*.e2e.test.ts'] } },
    ],
    // Processes and threads that tests start run TypeScript sources; see src/runtime/thread-entry.ts.
    execArgv: ['--import', 'tsx'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
