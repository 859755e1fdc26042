import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// kafkajs shortens its retries under NODE_ENV=test; a user's process does not run like that.
const env = { NODE_ENV: 'production', KAFKAJS_NO_PARTITIONER_WARNING: '1' }
// One broker, and its faults are switched for everybody: one file at a time.
const stack = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 300_000, env }

const source = (module: string) => fileURLToPath(new URL(`src/${module}.ts`, import.meta.url))

export default defineConfig({
  test: {
    projects: [
      {
        // The package by its own name is what is built; unit tests need no build.
        resolve: {
          alias: [
            { find: /^kafka-iam-otel$/, replacement: `${import.meta.dirname}/src/index.ts` },
            { find: /^kafka-iam-otel\/testing$/, replacement: `${import.meta.dirname}/src/testing/index.ts` },
          ],
        },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/stack/**', 'test/leaks/**', 'test/package/**', 'test/clients/**', 'test/alerts/**'],
          // Some start processes, or a broker, and machines are busy.
          testTimeout: 30_000,
          env,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: 'test/package/pack.ts',
          testTimeout: 240_000,
          hookTimeout: 240_000,
          env,
        },
      },
      // promtool, on the PATH or by Docker: npm run test:alerts. What takes long is done while tests are collected.
      { test: { name: 'alerts', include: ['test/alerts/*.test.ts'], env } },
      // Other clients, each installed in a folder of its own: npm run test:clients.
      {
        resolve: {
          alias: { 'kafka-iam-otel/testing': source('testing/index'), 'kafka-iam-otel': source('index') },
        },
        test: {
          name: 'clients',
          include: ['test/clients/*.test.ts', 'test/clients/*/*.test.ts'],
          testTimeout: 30_000,
          env,
        },
      },
      {
        test: {
          ...stack,
          name: 'stack',
          include: ['test/stack/**/*.test.ts'],
          globalSetup: 'test/stack/support/start-stack.ts',
        },
      },
      // Searches what the stack's tests have exported, so it runs after them.
      { test: { ...stack, name: 'leaks', include: ['test/leaks/**/*.test.ts'] } },
    ],
  },
})
