import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import { CreateDBInstanceCommand, DescribeDBInstancesCommand } from '@aws-sdk/client-rds'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { SandboxError } from '../../src/sandbox/error.ts'
import { ensureSandbox, resetSandbox, sandboxStatus, stopSandbox } from '../../src/sandbox/index.ts'
import { extensionDir } from '../../src/sandbox/paths.ts'
import * as postgres from '../../src/sandbox/postgres.ts'
import * as server from '../../src/sandbox/server.ts'
import { bornOf } from '../../src/state/process.ts'
import { credentials } from '../support/credentials.ts'
import { forkIfAny } from '../support/moto-fork.ts'
import { clients, database, given, listens, query, refusal, until } from './support.ts'

vi.mock('../../src/sandbox/postgres.ts', { spy: true })
const findServer = vi.mocked(postgres.findServer)
vi.mock('../../src/sandbox/server.ts', { spy: true })
const { isAlive } = server
const launch = vi.mocked(server.launch)
const actual = await vi.importActual<typeof server>('../../src/sandbox/server.ts')
/** As for a user: with a Python of its own. The other tests fork it, which takes an eighth of the time. */
const withItsOwnPython = () => launch.mockImplementation(actual.launch)

describe.skipIf(!inject('motoUrl'))('the sandbox as a daemon', () => {
  let env: NodeJS.ProcessEnv
  let folder: string
  let stranger: Server | undefined
  let child: ChildProcess | undefined
  beforeEach(async () => {
    launch.mockImplementation((options) => actual.launch({ ...options, start: forkIfAny() }))
    folder = await mkdtemp(join(tmpdir(), 'infra-sandbox-'))
    env = { ...process.env, INFRA_CACHE_DIR: folder, INFRA_SANDBOX_SECONDS: '' }
  })
  afterEach(async () => {
    await stopSandbox({ env })
    stranger?.close()
    stranger = undefined
    child?.kill('SIGKILL')
    child = undefined
    await rm(folder, { recursive: true, force: true })
  })

  const record = (fields: object) => writeFile(join(folder, 'sandbox.json'), JSON.stringify(fields))
  /** The extension with one more line at the head of a file. */
  const slowAt = async (file: string, line: string) => {
    const copy = join(folder, 'extension', 'moto_ext')
    await cp(extensionDir(), copy, { recursive: true })
    const text = await readFile(join(copy, file), 'utf8')
    await writeFile(join(copy, file), text.replace(/^("""(?:.|\n)*?"""\n)/, `$1${line}\n`))
    return copy
  }
  const failure = async (call: Promise<unknown>) =>
    (await call.then(
      () => undefined,
      (error: unknown) => error,
    )) as SandboxError | undefined
  const strange = async (body: string) => {
    stranger = createServer((_, answer) => answer.end(body)).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const address = stranger.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  }

  it('starts once, is found again, is emptied, and stops', async () => {
    withItsOwnPython()
    expect(await sandboxStatus({ env })).toEqual({ running: false })
    const lines: string[] = []
    const sandbox = await ensureSandbox({ env, fast: true, report: (line) => lines.push(line) })
    expect(lines).toEqual(['Starting the local AWS'])
    expect(sandbox).toMatchObject({ log: join(folder, 'sandbox.log'), seconds: { rds: 0 } })
    expect(await ensureSandbox({ env, fast: true })).toEqual(sandbox)
    expect(await sandboxStatus({ env })).toEqual({ running: true, sandbox })

    const aws = await clients(sandbox.url, sandbox.credentials)
    const count = async () => (await aws.ec2.send(new DescribeVpcsCommand({}))).Vpcs?.length
    await aws.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    expect(await count()).toBe(2)
    await resetSandbox({ env })
    expect(await refusal(count())).toContain('InvalidClientTokenId') // the key of that account is gone too
    const after = await clients(sandbox.url, sandbox.credentials)
    expect((await after.ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1)

    expect(await stopSandbox({ env })).toBe(true)
    expect([isAlive(sandbox.pid), await sandboxStatus({ env }), await stopSandbox({ env })]).toEqual([
      false,
      { running: false },
      false,
    ])
    expect((await failure(resetSandbox({ env })))?.next).toBe('Start one: infra sandbox start')
    expect(await readdir(folder)).toEqual(['sandbox.log'])
  })

  it('answers at the endpoints of databases, where there is a PostgreSQL', async () => {
    const sandbox = await ensureSandbox({ env, fast: true })
    expect(sandbox.postgres).toMatch(/^\d+\.\d+/)
    const { rds } = await clients(sandbox.url, sandbox.credentials)
    await rds.send(new CreateDBInstanceCommand(database))
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}))
    const { Address: host, Port: port } = DBInstances?.[0]?.Endpoint ?? {}
    const login = { host: given(host), port: given(port), user: database.MasterUsername, password: database.MasterUserPassword }
    const [{ version }] = await query({ ...login, database: 'postgres' }, "select current_setting('server_version') as version")
    expect(version).toContain(sandbox.postgres)
    await stopSandbox({ env })
    expect(
      await until(
        () => listens(given(port)),
        (is) => !is,
      ),
    ).toBe(false)
  })

  it('does without a PostgreSQL and says so, but not when one was named', async () => {
    const lines: string[] = []
    const nothing = () => findServer.mockRejectedValueOnce(new SandboxError('There is no PostgreSQL', 'none', 'Install one'))
    nothing()
    const sandbox = await ensureSandbox({ env, fast: true, report: (line) => lines.push(line) })
    expect(lines[0]).toBe('Databases will have an endpoint where nobody answers. There is no PostgreSQL: none. Install one')
    expect(sandbox.postgres).toBeUndefined()
    const { rds } = await clients(sandbox.url, sandbox.credentials)
    await rds.send(new CreateDBInstanceCommand(database))
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}))
    expect(DBInstances?.[0]?.Endpoint).toMatchObject({ Address: expect.stringContaining('amazonaws'), Port: 5432 })
    await stopSandbox({ env })
    const error = await failure(ensureSandbox({ env: { ...env, INFRA_SANDBOX_POSTGRES_BIN: folder } }))
    expect(error?.what).toContain('INFRA_SANDBOX_POSTGRES_BIN')
  })

  it('takes the seconds of the environment, and says so when others are asked for later', async () => {
    const slow = { ...env, INFRA_SANDBOX_SECONDS: 'rds=7,delete=3' }
    const sandbox = await ensureSandbox({ env: slow })
    expect(sandbox.seconds).toMatchObject({ rds: 7, 'rds-delete': 3, 'nat-delete': 3, nat: 4, modify: 1, email: 20 })
    expect(await sandboxStatus({ env: slow })).toEqual({ running: true, sandbox })
    const status = await sandboxStatus({ env: slow, fast: true })
    expect(status.note).toMatch(/rds: 7 s, not 0 s.*infra sandbox stop/)
    expect(await ensureSandbox({ env: slow, fast: true })).toEqual(sandbox)
    const bad = await failure(sandboxStatus({ env: { ...env, INFRA_SANDBOX_SECONDS: 'rsd=1' } }))
    expect(bad?.message).toContain("'rsd=1'")
  })

  it('starts one server for callers of the same moment', async () => {
    const all = await Promise.all([1, 2, 3].map(() => ensureSandbox({ env, fast: true })))
    expect(new Set(all.map((s) => s.pid)).size).toBe(1)
  })

  it('takes over from a caller that died while it was starting one', async () => {
    await writeFile(join(folder, 'sandbox.lock'), '99999999 dead\n')
    const [one, two] = await Promise.all([1, 2].map(() => ensureSandbox({ env, fast: true })))
    expect(one?.pid).toBe(two?.pid)
  })

  it('outlives the process that started it', async () => {
    withItsOwnPython()
    const sandbox = await ensureSandbox({ env, fast: true })
    child = spawn('ps', ['-o', 'pgid=', '-p', String(sandbox.pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = await once(child.stdout ?? process.stdin, 'data')
    expect(Number(String(line))).toBe(sandbox.pid) // a group of its own: Ctrl-C in the terminal does not reach it
  })

  it('notices a dead server and starts another', async () => {
    const first = await ensureSandbox({ env, fast: true })
    process.kill(first.pid, 'SIGKILL')
    for (let i = 0; i < 100 && isAlive(first.pid); i++) await new Promise((resolve) => setTimeout(resolve, 20))
    const status = await sandboxStatus({ env })
    expect(status).toEqual({ running: false, note: `The recorded server (pid ${first.pid}) is no longer alive.` })
    const second = await ensureSandbox({ env, fast: true })
    expect(second.pid).not.toBe(first.pid)
  })

  it.each([
    ['a page of somebody else', 'hello'],
    ['another sandbox', JSON.stringify({ pid: 1, moto: '5.2.1', version: '1', seconds: {} })],
  ])('neither uses nor stops %s that now has the port', async (_, body) => {
    // The pid lives (it is this test), as when the number was given to another process after a reboot.
    await record({ url: await strange(body), pid: process.pid, startedAt: new Date().toISOString(), log: 'x', credentials })
    const status = await sandboxStatus({ env })
    expect(status.note).toContain('answers something else')
    expect((await ensureSandbox({ env, fast: true })).pid).not.toBe(process.pid)
    await stopSandbox({ env })
    await record({ url: `http://127.0.0.1:1`, pid: process.pid, startedAt: new Date().toISOString(), log: 'x', credentials })
    expect(await stopSandbox({ env })).toBe(false)
  })

  it('waits for a slow server, starts no second one beside it, and ends it', async () => {
    const sandbox = await ensureSandbox({ env, fast: true })
    process.kill(sandbox.pid, 'SIGSTOP')
    const error = await failure(ensureSandbox({ env, fast: true, patience: 300 }))
    expect(error?.message).toBe(`The sandbox does not answer: its process ${sandbox.pid} is running`)
    expect(error?.next).toContain('infra sandbox stop')
    expect((await sandboxStatus({ env, patience: 300 })).note).toContain('does not answer')
    const lines: string[] = []
    const waiting = ensureSandbox({ env, fast: true, report: (line) => lines.push(line) })
    await until(
      async () => lines.length,
      (n) => n > 0,
    )
    process.kill(sandbox.pid, 'SIGCONT')
    expect([await waiting, lines]).toEqual([sandbox, ['The sandbox does not answer yet; waiting for it']])
    process.kill(sandbox.pid, 'SIGSTOP')
    expect([await stopSandbox({ env, patience: 300 }), isAlive(sandbox.pid)]).toEqual([true, false])
  })

  it('is known before it answers: whoever starts it may be killed', async () => {
    const slow = await slowAt('__main__.py', 'import time; time.sleep(1)')
    const starting = ensureSandbox({ env, fast: true, extension: slow })
    const { pid } = await until(
      () => readFile(join(folder, 'sandbox.json'), 'utf8').then(JSON.parse, () => ({})),
      (r) => r.pid !== undefined,
    )
    await rm(join(folder, 'sandbox.lock')) // as when its holder is dead
    const lines: string[] = []
    const [one, two] = await Promise.all([starting, ensureSandbox({ env, fast: true, report: (line) => lines.push(line) })])
    expect([one.pid, two.pid, lines.includes('Starting the local AWS')]).toEqual([pid, pid, false])
  })

  it('starts no second one beside that of an earlier infra, which answers everybody', async () => {
    const page = JSON.stringify({ pid: process.pid, moto: '5.2.1', version: '1', seconds: {} })
    await record({ url: await strange(page), pid: process.pid, startedAt: new Date().toISOString(), log: 'x' })
    const error = await failure(ensureSandbox({ env, fast: true }))
    expect(error?.what).toBe('The running sandbox answers anybody, even web pages')
    expect(error?.next).toContain('infra sandbox stop')
    await rm(join(folder, 'sandbox.json')) // or the end of this test would stop this process
  })

  it('is emptied also in its first second, while it is still loading', async () => {
    const slowly = `
import time, moto.core.model_instances as models
def walk():
    for _ in models.model_data.values(): time.sleep(0.01)
models.reset_model_data = walk`
    await ensureSandbox({ env, fast: true, extension: await slowAt('__main__.py', slowly) })
    await resetSandbox({ env })
  })

  it.runIf(process.platform === 'linux')('keeps its credentials from the processes that it starts', async () => {
    withItsOwnPython()
    const sandbox = await ensureSandbox({ env, fast: true })
    const { rds } = await clients(sandbox.url, sandbox.credentials)
    await rds.send(new CreateDBInstanceCommand(database))
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}))
    const login = { host: '127.0.0.1', port: given(DBInstances?.[0]?.Endpoint?.Port), user: database.MasterUsername }
    await query({ ...login, password: database.MasterUserPassword, database: 'postgres' }, 'select 1')
    const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== sandbox.pid)
    const environments = await Promise.all(processes.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')))
    expect(environments.filter((text) => text.includes(sandbox.credentials.secretAccessKey))).toEqual([])
  })

  it.runIf(process.platform === 'linux')('takes a process that ended and that nobody collected for dead', async () => {
    // The shell becomes a sleep, which does not know of the child that it has inherited.
    child = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = await once(child.stdout ?? process.stdin, 'data')
    expect(
      await until(
        async () => isAlive(Number(String(line))),
        (alive) => !alive,
      ),
    ).toBe(false)
    expect(isAlive(process.pid)).toBe(true)
  })

  it('takes a record that others may have written for none', async () => {
    const page = JSON.stringify({ pid: process.pid, moto: '5.2.1', version: '1', seconds: {} })
    await record({ url: await strange(page), pid: process.pid, startedAt: new Date().toISOString(), log: 'x' })
    expect((await sandboxStatus({ env })).note).toContain('answers anybody')
    await chmod(join(folder, 'sandbox.json'), 0o666)
    expect(await sandboxStatus({ env })).toEqual({ running: false })
    await rm(join(folder, 'sandbox.json'))
  })

  it('takes half a record for none', async () => {
    await writeFile(join(folder, 'sandbox.json'), '{"url": "http://127')
    expect(await sandboxStatus({ env })).toEqual({ running: false })
  })

  it('shows the end of the log of a server that does not start', async () => {
    withItsOwnPython()
    const extension = join(folder, 'broken')
    await mkdir(extension)
    await writeFile(join(extension, '__main__.py'), 'raise SystemExit("the tea is cold")')
    const error = await failure(ensureSandbox({ env, extension }))
    expect(error).toMatchObject({ name: 'SandboxError', what: 'The sandbox did not start' })
    expect(error?.why).toContain('the tea is cold')
    expect(error?.next).toContain('infra sandbox start')
    expect(await readdir(folder)).not.toContain('sandbox.lock')
    const badSeconds = await failure(ensureSandbox({ env: { ...env, INFRA_SANDBOX_SECONDS: 'rsd=1' } }))
    expect(badSeconds?.why).toContain("INFRA_SANDBOX_SECONDS has 'rsd=1'")
  })

  it('writes a record that only its owner can read', async () => {
    const { seconds: _, postgres: __, ...sandbox } = await ensureSandbox({ env, fast: true })
    const born = await bornOf(sandbox.pid)
    expect(JSON.parse(await readFile(join(folder, 'sandbox.json'), 'utf8'))).toEqual({ ...sandbox, ...(born ? { born } : {}) })
    expect(sandbox.credentials.secretAccessKey).toMatch(/^[\w-]{40}$/)
    const modes = await Promise.all(['sandbox.json', 'sandbox.log'].map(async (name) => (await stat(join(folder, name))).mode))
    expect(modes.map((mode) => mode & 0o077)).toEqual([0, 0]) // the log can quote a request that broke, with its password
  })
})
