import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{gateway,registry-cache,tariffs,simulator,bench,grafana,scripts}/**/*.test.ts'],
    testTimeout: 30_000,
  },
});
