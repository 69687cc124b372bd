import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/support/order.ts'

export default defineConfig({
  define: { INFRA_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/built.ts', 'test/support/moto.ts'],
    setupFiles: ['test/support/loopback.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // More than cores: most tests start processes and wait for them.
    maxWorkers: 5,
    sequence: { sequencer: LongFirst },
  },
})
