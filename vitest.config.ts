import { defineConfig } from 'vitest/config'

// kafkajs shortens its retries under NODE_ENV=test; a user's process does not run like that.
const env = { NODE_ENV: 'production', KAFKAJS_NO_PARTITIONER_WARNING: '1' }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/stack/**', 'test/package/**'],
          env,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          env,
        },
      },
      {
        test: {
          name: 'stack',
          include: ['test/stack/**/*.test.ts'],
          // One broker, and its faults are switched for everybody: one file at a time.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          env,
        },
      },
    ],
  },
})
