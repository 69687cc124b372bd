import { spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { extensionDir } from '../../src/sandbox/paths.ts'
import { run } from '../../src/sandbox/server-user.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { makeCertificates } from '../support/postgres-tls.ts'
import { given, listens, query, refusal, until } from './support.ts'

/** One query on a connection of its own, as the master user when not told otherwise. */
const ask = ({ host, port, master }: TestPostgres, text: string, more: pg.ClientConfig = {}) =>
  query({ host, port, ...master, database: 'postgres', ...more }, text)

describe("the tests' PostgreSQL", () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => await server.stop())

  it('has the roles and databases of a new RDS instance', async () => {
    const [self] = await ask(server, 'select * from pg_roles where rolname = current_user')
    expect(self).toMatchObject({ rolname: 'postgres', rolcreatedb: true, rolcreaterole: true, rolsuper: false })
    const roles = "select array_agg(r order by r) as is from unnest('{rds_superuser,pg_monitor,pg_signal_backend}'::name[]) r"
    const [member] = await ask(server, `${roles} where pg_has_role(r, 'member')`)
    expect(member).toEqual({ is: '{pg_monitor,pg_signal_backend,rds_superuser}' })
    const databases = await ask(server, 'select datname as name, datdba::regrole::text as owner from pg_database order by 1')
    expect(databases).toEqual([
      { name: 'postgres', owner: 'postgres' },
      { name: 'rdsadmin', owner: 'rdsadmin' },
      { name: 'template0', owner: 'rdsadmin' },
      { name: 'template1', owner: 'postgres' },
    ])
    const [closed] = await ask(server, "select has_database_privilege('rdsadmin', 'connect') as may")
    expect(closed).toEqual({ may: false })
    const [{ version }] = await ask(server, "select current_setting('server_version_num')::int / 10000 as version")
    expect(server.version).toBe(version)
  })

  it('lets the master user make roles and databases, and nothing that needs a superuser', async () => {
    await ask(server, "create role shop login password 'correct-horse'")
    await ask(server, 'create database shop')
    expect(await ask(server, 'select current_user as me', { user: 'shop', password: 'correct-horse', database: 'shop' })).toEqual(
      [{ me: 'shop' }],
    )
    expect(await refusal(ask(server, 'alter role shop superuser'))).toContain('error')
    expect(await refusal(ask(server, "copy (select 1) to program 'cat'"))).toContain('error')
  })

  it('takes passwords over TCP only, and never rdsadmin', async () => {
    expect(await refusal(ask(server, 'select', { password: 'wrong' }))).toContain('password authentication failed')
    const refused = /pg_hba.conf rejects connection/
    expect(await refusal(ask(server, 'select', { user: 'rdsadmin', password: 'x' }))).toMatch(refused)
    expect(await refusal(ask(server, 'select', { database: 'rdsadmin' }))).toMatch(refused)
    const [stored] = await ask(server, "select current_setting('unix_socket_directories') as sockets")
    expect(stored).toEqual({ sockets: '' })
  })

  it('sorts text as RDS does', async () => {
    const sorted = await ask(server, "select x from unnest('{b,A,a,B}'::text[]) x order by x")
    expect(sorted.map(({ x }) => x)).toEqual(['a', 'A', 'b', 'B'])
  })

  it('starts a further one with data of its own, and takes all of it away', async () => {
    await ask(server, 'create table mine ()')
    const other = await startPostgres()
    expect(await refusal(ask(other, 'select from mine'))).toContain('does not exist')
    expect(existsSync(other.dir)).toBe(true)
    await other.stop()
    expect([existsSync(other.dir), await listens(other.port), await listens(server.port)]).toEqual([false, false, true])
  })

  it.each([
    ['offered', 'no error', 'no error'],
    ['required', expect.stringContaining('no encryption'), 'no error'],
  ] as const)('with TLS %s', async (tls, plain, encrypted) => {
    const secure = await startPostgres({ tls })
    try {
      const ca = readFileSync(given(secure.caFile), 'utf8')
      expect(await refusal(ask(secure, 'select'))).toEqual(plain)
      expect(await refusal(ask(secure, 'select', { ssl: { ca } }))).toBe(encrypted)
      expect(await refusal(ask(secure, 'select', { host: 'localhost', ssl: { ca } }))).toBe('no error')
      expect(await refusal(ask(secure, 'select', { ssl: true }))).toMatch(/self.signed certificate|unable to verify/)
    } finally {
      await secure.stop()
    }
  })

  it.skipIf(!inject('motoUrl'))('makes certificates without openssl too', async () => {
    const python = (
      await run('python3', ['-c', 'import sys, cryptography; print(sys.executable)'], { env: process.env })
    ).out.trim()
    const folder = await mkdtemp(join(tmpdir(), 'infra-python-'))
    await run('ln', ['-s', python, join(folder, 'python3')], { env: process.env })
    const made = await makeCertificates({ PATH: folder })
    await rm(folder, { recursive: true, force: true })
    const [ca, certificate] = [new X509Certificate(made.ca), new X509Certificate(made.certificate)]
    expect([certificate.verify(ca.publicKey), certificate.checkPrivateKey(createPrivateKey(made.key))]).toEqual([true, true])
    expect([certificate.checkIP('127.0.0.1'), certificate.checkHost('localhost')]).toEqual(['127.0.0.1', 'localhost'])
  })

  it('ends with the process that started it, even when that is killed, and leaves nothing behind', async () => {
    // A process of its own needs JavaScript: the module is bundled as the product is, with the extension beside it.
    const folder = await mkdtemp(join(tmpdir(), 'infra-parent-'))
    const bundle = await rolldown({ input: fileURLToPath(new URL('../support/postgres.ts', import.meta.url)), platform: 'node' })
    await bundle.write({ file: join(folder, 'postgres.mjs'), format: 'esm' })
    await symlink(extensionDir(), join(folder, 'moto_ext'))
    const start = "import('./postgres.mjs').then(async (m) => console.log(JSON.stringify(await m.startPostgres())))"
    const parent = spawn(process.execPath, ['-e', `${start}; setInterval(() => {}, 1000)`], { cwd: folder })
    try {
      const [line] = await once(parent.stdout, 'data')
      const { port, dir }: TestPostgres = JSON.parse(String(line))
      expect(await listens(port)).toBe(true)
      parent.kill('SIGKILL')
      const left = async () => [await listens(port), existsSync(dirname(dir))]
      expect(await until(left, (l) => !l.includes(true))).toEqual([false, false])
    } finally {
      parent.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    }
  })
})
