import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { expect } from 'vitest'
import { clientConfig, freshAccount } from '../../support/account.ts'
import { BIN, type Place, place, type Ran } from '../../support/cli.ts'
import { motoWithPostgres } from '../../support/moto-postgres.ts'
import { type FaultProxy, startProxy } from '../../support/proxy.ts'

/** Where the programs of PostgreSQL are on this machine; undefined: some tests have nothing to test with. */
export const PROGRAMS = (process.env.PATH ?? '').split(':').find((folder) => folder !== '' && existsSync(join(folder, 'pg_dump')))

/** A stack with a real PostgreSQL behind its server, made once for a file. */
export interface Stack {
  readonly p: Place
  readonly proxy: FaultProxy
  /** Past the proxy. */
  readonly url: string
  readonly account: Awaited<ReturnType<typeof freshAccount>>
  yaml(): Promise<string>
  /** Runs the CLI with something on its standard input. */
  piped(input: string, ...args: string[]): Promise<Ran>
  /** A statement as the master user, in a database. */
  sql(database: string, text: string): Promise<Record<string, unknown>[]>
  /** Keeps a session open. */
  session(database: string, text: string): Promise<pg.Client>
  secret(id?: string): Promise<Record<string, string>>
  /** Every file below the folder, with its text. */
  files(): Promise<Map<string, string>>
  stop(): Promise<void>
}

/** Until the server is at `select pg_sleep(...)`. */
export const sleeping = (x: Stack): Promise<void> =>
  expect
    .poll(() => x.sql('postgres', "select 1 from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'"), {
      timeout: 20_000,
    })
    .toHaveLength(1)

/** @param prepare what the CLI needs to get in, besides the usual */
export const startStack = async (config: string, prepare?: (p: Place) => Promise<void>): Promise<Stack> => {
  const moto = await motoWithPostgres()
  const proxy = await startProxy(moto.url)
  const account = await freshAccount(moto.url)
  const p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
  const file = join(p.dir, 'infra.yaml')
  await writeFile(file, config)
  await prepare?.(p)
  let made = await p.run('create', '--yes')
  // A machine that is busy may need longer for its first PostgreSQL than a connection is waited for.
  for (let again = 0; made.code !== 0 && /cannot be reached/.test(made.stderr) && again < 3; again++)
    made = await p.run('create', '--yes')
  expect(made.code, made.all).toBe(0)
  const secrets = new SecretsManagerClient(clientConfig(account))
  const rds = new RDSClient(clientConfig(account))
  const { Endpoint } = (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances?.[0] ?? {}
  const secret = async (SecretId = 'shop/dev/database'): Promise<Record<string, string>> =>
    JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '{}')
  const session = async (database: string): Promise<pg.Client> => {
    const { master_username: user = '', master_password: password = '' } = await secret()
    const client = new pg.Client({ host: Endpoint?.Address ?? '', port: Endpoint?.Port ?? 0, user, password, database })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  return {
    p,
    proxy,
    url: moto.url,
    account,
    secret,
    yaml: () => readFile(file, 'utf8'),
    piped: (input, ...args) => piped(p, input, args),
    async sql(database, text) {
      const client = await session(database)
      try {
        return (await client.query(text)).rows
      } finally {
        await client.end()
      }
    },
    async session(database, text) {
      const client = await session(database)
      client.query(text).catch(() => undefined)
      return client
    },
    async files() {
      const names = await readdir(p.dir, { recursive: true, withFileTypes: true })
      const found = names.filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name))
      return new Map(await Promise.all(found.map(async (f) => [f, await readFile(f, 'latin1')] as const)))
    },
    async stop() {
      await p.remove()
      await proxy.close()
      await moto.stop()
    },
  }
}

const piped = (p: Place, input: string, args: readonly string[]): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: p.dir, env: p.env })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (d) => {
      stdout += d
    })
    child.stderr.on('data', (d) => {
      stderr += d
    })
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, stdout, stderr, all: `${stdout}\n${stderr}`, json: <T>() => JSON.parse(stdout) as T }),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })

/** What a program was called with. */
export interface Called {
  readonly program: string
  readonly args: string[]
  readonly env: Record<string, string>
}

/** Programs in front of the real ones on the PATH, that write down what they are called with. */
export const recorded = async (p: Place, ...programs: string[]): Promise<{ calls(): Promise<Called[]>; path: string }> => {
  const folder = join(p.dir, 'recording')
  const log = join(p.dir, 'recorded.txt')
  await mkdir(folder, { recursive: true })
  for (const name of programs) {
    const real = join(PROGRAMS ?? '', name)
    const script = `#!/bin/sh\n{ printf '%s\\0' "${name}" "$@"; printf '\\1'; env -0; printf '\\2'; } > '${log}'.$$\nexec '${real}' "$@"\n`
    await writeFile(join(folder, name), script)
    await chmod(join(folder, name), 0o755)
  }
  return {
    path: `${folder}:${p.env.PATH}`,
    async calls() {
      // A file for each process: several run at once.
      const names = (await readdir(p.dir)).filter((name) => name.startsWith('recorded.txt.'))
      const text = (await Promise.all(names.map((name) => readFile(join(p.dir, name), 'utf8')))).join('')
      const all = text.split('\u0002').filter(Boolean)
      return all.map((one) => {
        const [words = '', env = ''] = one.split('\u0001')
        const [program = '', ...args] = words.split('\0').slice(0, -1)
        const pairs = env.split('\0').filter(Boolean)
        return { program, args, env: Object.fromEntries(pairs.map((l) => [l.split('=')[0], l.slice(l.indexOf('=') + 1)])) }
      })
    },
  }
}

/** A PATH on which there is Node and nothing else. */
export const barePath = async (p: Place, ...programs: string[]): Promise<string> => {
  const folder = join(p.dir, `bare-${programs.join('-')}`)
  await mkdir(folder, { recursive: true })
  for (const name of programs) execFileSync('ln', ['-sf', join(PROGRAMS ?? '', name), join(folder, name)])
  return folder
}

/** The command lines of all processes of this machine, where it shows them. */
export const commandLines = async (): Promise<string> => {
  const pids = (await readdir('/proc').catch(() => [])).filter((n) => /^\d+$/.test(n))
  return (await Promise.all(pids.map((n) => readFile(`/proc/${n}/cmdline`, 'utf8').catch(() => '')))).join('\n')
}

/** A program of a test's own on the PATH. */
export const stub = async (p: Place, name: string, script: string): Promise<string> => {
  const folder = join(p.dir, `stub-${name}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), script)
  await chmod(join(folder, name), 0o755)
  return `${folder}:${p.env.PATH}`
}

/** The stack with another value of one variable, for one call. */
export const withEnv = async <T>(p: Place, env: Record<string, string>, work: () => Promise<T>): Promise<T> => {
  const before = { ...p.env }
  Object.assign(p.env, env)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(env)) delete p.env[name]
    Object.assign(p.env, before)
  }
}

export const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, rds, databases]
vpc: { nat: none }
databases:
  via: direct
  # what lives in the server
  names:
    - shop     # the shop itself
    - crm      # customers
`
