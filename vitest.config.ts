import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/support/order.ts'

const every = {
  setupFiles: ['test/support/loopback.ts', 'test/support/models/setup.ts'],
  // Against tests that hang, not a measure: with five of them on two cores, and others at work, any takes ten times as long as alone.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // The files of a worker share what they have imported: half of the time went into loading the SDK anew.
  isolate: false,
}
/** These talk to servers with clients of their own: they must not share a worker with those that replace the SDK's clients. */
const REAL = [
  'test/{cli,crash-real,database,e2e,explore,proxy,sandbox,state}/**/*.test.ts',
  'test/aws/{answer,clients,credentials,fence,guard,proxy}.test.ts',
  'test/models/wire.test.ts',
]
/** In the folder of others, but with clients that are replaced. */
const REPLACED = ['test/cli/bastion.test.ts', 'test/cli/cost-refresh.test.ts']

/** These replace modules, which others in the worker may have loaded before. */
const MOCKED = ['test/sandbox/daemon.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/support/built.ts', 'test/support/moto.ts', 'test/support/models/global.ts'],
    // More than cores: most tests start processes and wait for them. Named here only: a project's own would win over --maxWorkers.
    maxWorkers: 5,
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { ...every, name: 'real', include: REAL, exclude: [...REPLACED, ...MOCKED] } },
      { test: { ...every, isolate: true, name: 'mocked', include: MOCKED } },
      {
        test: {
          ...every,
          name: 'alone',
          include: [
            'test/{aws,config,core,crash,docs,ecs,engine,kinds,models,rds,session,steps,ui}/**/*.test.ts',
            'test/*.test.ts',
            ...REPLACED,
          ],
          exclude: REAL.slice(1),
        },
      },
    ],
  },
})
