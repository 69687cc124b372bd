import {
  type DBInstance,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { expect } from 'vitest'
import { clientConfig, freshAccount } from '../../support/account.ts'
import { INIT, type Place, place, type Ran } from '../../support/cli.ts'
import { startMoto } from '../../support/moto.ts'
import { motoWithPostgres } from '../../support/moto-postgres.ts'
import { type FaultProxy, startProxy } from '../../support/proxy.ts'

export const SERVER = 'startupwebapp-multi-tenant-prod'
export const SECRET = 'rds/startupwebapp/multi-tenant/master'

type Json = Record<string, unknown>

/** A stack that stands, with a real PostgreSQL behind its server: one for a test file. */
export interface Stack {
  readonly p: Place
  readonly proxy: FaultProxy
  readonly rds: RDSClient
  readonly secrets: SecretsManagerClient
  db(id?: string): Promise<DBInstance | undefined>
  snapshots(): Promise<DBSnapshot[]>
  /** The version that counts, or the one of another stage. */
  secret(stage?: string, id?: string): Promise<Json>
  /** The stages that are on a version, by version. */
  stages(id?: string): Promise<Record<string, string[]>>
  /** Whether the server lets this user in with this password. */
  login(user: string, password: unknown, database?: string): Promise<boolean>
  sql(user: string, password: unknown, text: string, at?: { port: number }): Promise<Json[]>
  /** Runs a command that must end well. */
  ok(...args: string[]): Promise<Ran>
  /** Runs one that must be refused before anything is changed. @returns what it says */
  no(...args: string[]): Promise<string>
  /** AWS shows `status` instead of the one that it ends with, so often: as if it took its time. */
  shows(what: 'Status' | 'DBInstanceStatus', status: string, end: string, times?: number): void
  /** How often something was asked of AWS since the proxy's log was cleared. */
  asked(op: string): number
  /** No more faults. */
  calm(): void
  stop(): Promise<void>
}

export const startStack = async (seconds = '0', ...sets: string[]): Promise<Stack> => {
  const moto = await (seconds === '0' ? motoWithPostgres() : startMoto(seconds, process.env, { postgres: true }))
  const account = await freshAccount(moto.url)
  const proxy = await startProxy(moto.url)
  const p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
  const config = clientConfig(account)
  const rds = new RDSClient(config)
  const secrets = new SecretsManagerClient(config)
  const steps = 'steps=[vpc, security-groups, secrets, rds, databases, monitoring]'
  const init = await p.run(...INIT, '--set', steps, ...sets.flatMap((x) => ['--set', x]))
  expect(init.code, init.all).toBe(0)
  const made = await p.run('create', '--yes')
  expect(made.code, made.all).toBe(0)

  const db: Stack['db'] = async (id = SERVER) =>
    (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances?.find((x) => x.DBInstanceIdentifier === id)
  const connect = async (user: string, password: unknown, database: string, port?: number): Promise<pg.Client> => {
    const { Endpoint } = (await db()) ?? {}
    const client = new pg.Client({
      host: '127.0.0.1',
      port: port ?? Endpoint?.Port ?? 0,
      user,
      password: String(password),
      database,
    })
    await client.connect()
    return client
  }
  return {
    p,
    proxy,
    rds,
    secrets,
    db,
    snapshots: async () => (await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }))).DBSnapshots ?? [],
    secret: async (VersionStage = 'AWSCURRENT', SecretId = SECRET) =>
      JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString ?? '{}'),
    stages: async (SecretId = SECRET) =>
      Object.fromEntries(
        Object.entries((await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {}).filter(
          ([, stages]) => stages.length > 0,
        ),
      ),
    login: async (user, password, database = 'postgres') => {
      try {
        const client = await connect(user, password, database)
        await client.end()
        return true
      } catch (error) {
        if ((error as { code?: string }).code === '28P01') return false
        throw error
      }
    },
    sql: async (user, password, text, at) => {
      const client = await connect(user, password, 'startupwebapp_prod', at?.port)
      try {
        return (await client.query(text)).rows
      } finally {
        await client.end()
      }
    },
    async ok(...args) {
      const r = await p.run(...args)
      expect(r.code, r.all).toBe(0)
      return r
    },
    async no(...args) {
      proxy.clear()
      const r = await p.run(...args)
      expect(r.code, r.all).toBe(2)
      expect(proxy.changing()).toEqual([])
      return r.stderr
    },
    shows(what, status, end, times) {
      const replace = [new RegExp(`<${what}>${end}<`), `<${what}>${status}<`] as const
      proxy.rules = [...proxy.rules, { match: /^rds\.Describe/, replace, ...(times === undefined ? {} : { times }) }]
    },
    asked: (op) => proxy.log.filter((c) => c.op === op).length,
    calm() {
      proxy.before = undefined
      proxy.after = undefined
      proxy.rules = []
    },
    async stop() {
      await p.remove()
      await proxy.close()
      await moto.stop()
    },
  }
}

export type Phase = 'before' | 'after'

/** What ends a process: it is called at an instant of a run. */
export type Kill = () => Promise<'drop'>

/**
 * Runs a command and kills it (SIGKILL) at an instant that `arm` chooses; from then on nobody is answered.
 * @returns false when that instant never came: the command ended by itself
 */
export const runAndKill = async ({ p, proxy }: Stack, args: readonly string[], arm: (kill: Kill) => void): Promise<boolean> => {
  proxy.clear()
  let dead = false
  const running = { now: undefined as ReturnType<Place['start']> | undefined }
  arm(async () => {
    if (!dead) running.now?.kill('SIGKILL')
    dead = true
    await running.now?.done
    return 'drop'
  })
  const { before, after } = proxy
  proxy.before = async (call) => (dead ? 'drop' : before?.(call))
  proxy.after = async (call) => (dead ? 'drop' : after?.(call))
  running.now = p.start(...args)
  await running.now.done
  proxy.before = undefined
  proxy.after = undefined
  return dead
}

/** At the first call of this operation. */
export const at =
  ({ proxy }: Stack, op: string, phase: Phase) =>
  (kill: Kill): void => {
    proxy[phase] = (call) => (call.op === op ? kill() : undefined)
  }

/** At the n-th call of AWS: before it is heard of, or when it is carried out and nobody knows. */
export const atCall =
  ({ proxy }: Stack, nth: number, phase: Phase) =>
  (kill: Kill): void => {
    proxy[phase] = (call) => (call.n === nth ? kill() : undefined)
  }
