import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{gateway,registry-cache,tariffs,simulator,bench,grafana,scripts}/**/*.test.ts'],
    globalSetup: ['gateway/console/app/bundle.mjs'],
    // All three are bounds on a machine that is busy with something else, and cost nothing where it is not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    // Most files wait for sockets and servers; by default two cores would get one worker.
    maxWorkers: '100%',
  },
});
