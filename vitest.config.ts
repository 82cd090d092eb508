import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{gateway,registry-cache,tariffs,simulator,bench,grafana,scripts}/**/*.test.ts'],
    globalSetup: ['gateway/console/app/bundle.mjs'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most files wait for sockets and servers; by default two cores would get one worker.
    maxWorkers: '100%',
  },
});
