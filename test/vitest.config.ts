import { defineConfig } from 'vitest/config'

// CI=true raises the numbers of trials, so a single test may take minutes there.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: process.env.CI ? 540_000 : 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
