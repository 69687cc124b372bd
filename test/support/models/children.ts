import { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { senderHere } from './watch.ts'

const WATCHED = Symbol.for('infra.models.children')

/** Bundles what a child process loads first: Node 20 reads no TypeScript. @returns the file */
export const buildPreload = async (root: string): Promise<string> => {
  const dir = join(root, 'node_modules', '.cache', 'infra-models')
  mkdirSync(dir, { recursive: true })
  for (const name of ['preload', 'watch']) {
    const bundle = await rolldown({ cwd: root, input: `test/support/models/${name}.ts`, platform: 'node', logLevel: 'warn' })
    await bundle.write({ dir, format: 'cjs', minify: true, entryFileNames: `${name}-${process.pid}.cjs` })
    await bundle.close()
  }
  return join(dir, `preload-${process.pid}.cjs`)
}

/** What the first request of such a process loads. */
export const judgeOf = (preload: string): string => preload.replace(/preload(-\d+\.cjs)$/, 'watch$1')

/** The environment in which a Node process checks its own requests, in this book where the environment names no other, as those of the test that is running. */
export const judged = (env: NodeJS.ProcessEnv, preload: string, root: string, book: string): NodeJS.ProcessEnv => ({
  ...env,
  NODE_OPTIONS: [env.NODE_OPTIONS, `--require=${JSON.stringify(preload)}`].filter(Boolean).join(' '),
  INFRA_TEST_MODELS: env.INFRA_TEST_MODELS ?? [root, book, judgeOf(preload), senderHere()].join('\n'),
})

let dress: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv = (env) => env
/** The environment that such a process gets for the one that a test gave it. */
export const childEnv = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => dress(env)

/**
 * Every process that this one starts from here on gets that environment, whatever environment the test gave it.
 */
export const watchChildren = (preload: string, root: string, book: string): void => {
  dress = (env) => judged(env, preload, root, book)
  const prototype = ChildProcess.prototype as unknown as {
    spawn(options: { envPairs?: string[] }): number
    [WATCHED]?: boolean
  }
  if (prototype[WATCHED]) return
  prototype[WATCHED] = true
  const { spawn } = prototype
  prototype.spawn = function (options) {
    const pairs = options.envPairs ?? []
    const env = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
    options.envPairs = Object.entries(judged(env, preload, root, book)).map(([key, value]) => `${key}=${value}`)
    return spawn.call(this, options)
  }
}
