import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { findServer } from '../../src/sandbox/postgres.ts'
import { findPython } from '../../src/sandbox/python.ts'
import { end, launch } from '../../src/sandbox/server.ts'
import { credentials } from './credentials.ts'
import { forkIfAny, startFork } from './moto-fork.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The local AWS of this run, in which everything takes 0 seconds; null where there is no Python with moto. */
    motoUrl: string | null
    /** Another one, whose databases are real; null where there is no PostgreSQL: a test that needs it says so. */
    motoPostgresUrl: string | null
  }
}

export interface TestServer {
  url: string
  pid: number
  stop(): Promise<void>
}

interface MotoOptions {
  /** A real PostgreSQL answers at the endpoints of PostgreSQL databases, which are then on 127.0.0.1. */
  postgres?: boolean
}

/**
 * A server of a test's own, with its own seconds ('rds=0.6,nat=0.4'). Stop it in afterAll. It ends by itself within a
 * second when this process is gone: Ctrl-C, a crash, kill -9.
 */
export async function startMoto(
  seconds: string,
  env: NodeJS.ProcessEnv = process.env,
  options: MotoOptions = {},
): Promise<TestServer> {
  // An empty cache folder keeps a test run from installing anything or from using what a person's sandbox left there.
  const folder = await mkdtemp(join(tmpdir(), 'infra-moto-'))
  const start = forkIfAny()
  const python = start ? '' : await pythonFor(env, folder)
  const postgres = options.postgres ? await findServer({ env: { ...env, npm_config_offline: 'true' } }) : undefined
  const { url, pid } = await launch({ python, folder, seconds, env, postgres, credentials, start, detached: false })
  const stop = async () => {
    await end(pid)
    await rm(folder, { recursive: true, force: true })
  }
  return { url, pid, stop }
}

const pythonFor = async (env: NodeJS.ProcessEnv, folder: string): Promise<string> => {
  try {
    return (await findPython({ env: { ...env, INFRA_CACHE_DIR: folder, PIP_NO_INDEX: '1' } })).path
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** vitest globalSetup: one server for the whole run, and one with a PostgreSQL behind its databases. INFRA_REQUIRE_MOTO=1 makes its absence an error (CI). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'infra-moto-'))
  let stopFork = async () => {}
  try {
    stopFork = await startFork(await pythonFor(process.env, folder), folder)
    const [server, real] = await Promise.all([
      startMoto('0'),
      startMoto('0', process.env, { postgres: true }).catch(() => undefined),
    ])
    project.provide('motoUrl', server.url)
    project.provide('motoPostgresUrl', real?.url ?? null)
    return async () => {
      await Promise.all([server.stop(), real?.stop()])
      await stopFork()
      await rm(folder, { recursive: true, force: true })
    }
  } catch (error) {
    await stopFork()
    await rm(folder, { recursive: true, force: true })
    if (process.env.INFRA_REQUIRE_MOTO === '1') throw error
    const reason = error instanceof Error ? error.message : String(error)
    console.warn(`Without the local AWS, its tests are skipped. ${reason}`)
    project.provide('motoUrl', null)
    project.provide('motoPostgresUrl', null)
    return async () => {}
  }
}
