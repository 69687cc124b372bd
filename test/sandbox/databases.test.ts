import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import * as RDS from '@aws-sdk/client-rds'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { isAlive } from '../../src/sandbox/server.ts'
import { page } from '../support/credentials.ts'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type Clients, clients, database, given, listens, query, refusal, until } from './support.ts'

const { MasterUsername: user, MasterUserPassword: password } = database

describe.skipIf(!inject('motoUrl'))('a PostgreSQL behind the endpoint of a database', () => {
  let server: TestServer
  let aws: Clients
  beforeAll(async () => {
    server = await startMoto('0', process.env, { postgres: true })
  })
  beforeEach(async () => {
    aws = await clients(server.url) // an account of its own
  })
  afterAll(async () => await server.stop())

  const described = async (DBInstanceIdentifier = database.DBInstanceIdentifier) => {
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))
    return given(DBInstances?.[0])
  }
  const login = (db: RDS.DBInstance, more: pg.ClientConfig = {}): pg.ClientConfig => ({
    host: given(db.Endpoint?.Address),
    port: given(db.Endpoint?.Port),
    user,
    password,
    database: 'postgres',
    ...more,
  })
  const create = async (more: Partial<RDS.CreateDBInstanceCommandInput> = {}) => {
    const wish = { ...database, ...more }
    await aws.rds.send(new RDS.CreateDBInstanceCommand(wish))
    return login(await described(wish.DBInstanceIdentifier))
  }
  const modify = (more: Partial<RDS.ModifyDBInstanceCommandInput>) => {
    const { DBInstanceIdentifier } = database
    return aws.rds.send(new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...more }))
  }
  const remove = (more: Partial<RDS.DeleteDBInstanceCommandInput> = { SkipFinalSnapshot: true }) =>
    aws.rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier: database.DBInstanceIdentifier, ...more }))
  const folderOf = async (db: pg.ClientConfig): Promise<string> => (await query(db, 'show data_directory'))[0].data_directory

  it('answers at an address of this machine, with the user and the database that were asked for', async () => {
    const shop = await create({ DBName: 'shop', Port: 5433 })
    const db = await described()
    expect(db.Endpoint).toMatchObject({ Address: '127.0.0.1' })
    expect(db.Endpoint?.Port).not.toBe(5433)
    expect(db.DbInstancePort).toBe(5433)
    const databases =
      "select datname as name, datdba::regrole::text as owner from pg_database where datname !~ 'template' order by 1"
    expect(await query({ ...shop, database: 'shop' }, databases)).toEqual([
      { name: 'postgres', owner: 'shop' },
      { name: 'rdsadmin', owner: 'rdsadmin' },
      { name: 'shop', owner: 'shop' },
    ])
    const [self] = await query(shop, "select rolsuper, pg_has_role('rds_superuser', 'member') from pg_roles where rolname = user")
    expect(self).toEqual({ rolsuper: false, pg_has_role: true })
    expect(await refusal(query({ ...shop, password: 'wrong' }, 'select'))).toContain('password authentication failed')
    expect(await refusal(query({ ...shop, user: 'rdsadmin' }, 'select'))).toContain('pg_hba.conf rejects connection')
    expect(await refusal(query({ ...shop, database: 'rdsadmin' }, 'select'))).toContain('pg_hba.conf rejects connection')
  })

  it('is another one for each database', async () => {
    const one = await create()
    const two = { ...(await create({ DBInstanceIdentifier: 'other-db', MasterUsername: 'other' })), user: 'other' }
    await query(one, 'create table mine ()')
    expect(await refusal(query(two, 'select from mine'))).toContain('does not exist')
    await create({ DBInstanceIdentifier: 'my-db', Engine: 'mysql', EngineVersion: '8.0', MasterUsername: 'admin' })
    expect((await described('my-db')).Endpoint).toMatchObject({ Address: expect.stringContaining('amazonaws'), Port: 3306 })
  })

  it('takes a new master password without cutting a connection, before the first connection too', async () => {
    const shop = await create()
    await modify({ MasterUserPassword: 'second-password' })
    expect(await refusal(query(shop, 'select'))).toContain('password authentication failed')
    const open = new pg.Client({ ...shop, password: 'second-password' })
    await open.connect()
    await modify({ MasterUserPassword: "third'password" })
    expect((await open.query('select 1 as still')).rows).toEqual([{ still: 1 }])
    await open.end()
    expect(await refusal(query({ ...shop, password: 'second-password' }, 'select'))).toContain('password authentication failed')
    expect(await refusal(query({ ...shop, password: "third'password" }, 'select'))).toBe('no error')
  })

  it('serves many at once, and large texts both ways', async () => {
    const shop = await create()
    const large = 'x'.repeat(5_000_000)
    const echo = async (i: number) => {
      const client = new pg.Client(shop)
      await client.connect()
      const { rows } = await client.query('select $1::text as text', [`${large}${i}`])
      await client.end()
      return rows[0].text === `${large}${i}`
    }
    expect(await Promise.all(Array.from({ length: 20 }, (_, i) => echo(i)))).not.toContain(false)
  })

  it('passes on the end of one way while the other way still speaks', async () => {
    const { port } = await create()
    const socket = connect({ port: given(port), host: '127.0.0.1', allowHalfOpen: true })
    socket.end(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])) // "may I have TLS?", and nothing more
    const said: Buffer[] = []
    socket.on('data', (part) => said.push(part))
    await once(socket, 'end')
    expect(Buffer.concat(said).toString()).toBe('N')
  })

  it('notices both ends that go without a word', async () => {
    const shop = await create()
    const [one, two] = [new pg.Client(shop), new pg.Client(shop)]
    await Promise.all([one.connect(), two.connect()])
    const gone = new Promise<string>((resolve) => one.on('error', (error) => resolve(error.message)))
    const pid = async (client: pg.Client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid
    const [first, second] = [await pid(one), await pid(two)]
    await query(shop, `select pg_terminate_backend(${first})`)
    expect(await gone).toContain('terminating connection')
    two.on('error', () => {})
    const { stream } = (two as unknown as { connection: { stream: Socket } }).connection
    stream.resetAndDestroy()
    const left = () => query(shop, `select from pg_stat_activity where pid = ${second}`)
    expect(await until(left, (rows) => rows.length === 0)).toEqual([])
  })

  it('starts again by itself with the same data when it was killed', async () => {
    const shop = await create()
    await query(shop, 'create table kept as select 1 as one')
    const pidFile = join(await folderOf(shop), 'postmaster.pid')
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    process.kill(pid, 'SIGKILL')
    await until(
      () => refusal(query(shop, 'select')),
      (r) => r === 'no error',
    )
    expect(await query(shop, 'table kept')).toEqual([{ one: 1 }])
    expect(Number.parseInt(readFileSync(pidFile, 'utf8'), 10)).not.toBe(pid)
  })

  it('goes with its database, data and all', async () => {
    const shop = await create()
    const folder = await folderOf(shop)
    const pid = Number.parseInt(readFileSync(join(folder, 'postmaster.pid'), 'utf8'), 10)
    await remove()
    expect([existsSync(folder), isAlive(pid), await listens(given(shop.port))]).toEqual([false, false, false])
  })

  it('goes with a reset', { timeout: 90_000 }, async () => {
    const own = await startMoto('0', process.env, { postgres: true })
    try {
      aws = await clients(own.url)
      const shop = await create()
      const folder = await folderOf(shop)
      await page(own.url, '/moto-api/reset', '')
      expect([existsSync(folder), await listens(given(shop.port))]).toEqual([false, false])
      aws = await clients(own.url)
      expect(await query(await create(), 'select 1 as one')).toEqual([{ one: 1 }])
    } finally {
      await own.stop()
    }
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)('goes with the sandbox, also by %s', { timeout: 90_000 }, async (signal) => {
    const own = await startMoto('0', process.env, { postgres: true })
    try {
      aws = await clients(own.url)
      const shop = await create()
      const folder = await folderOf(shop)
      const pid = Number.parseInt(readFileSync(join(folder, 'postmaster.pid'), 'utf8'), 10)
      process.kill(own.pid, signal)
      const left = async () => [existsSync(folder), isAlive(pid), await listens(given(shop.port))]
      expect(await until(left, (l) => !l.includes(true))).toEqual([false, false, false])
    } finally {
      await own.stop()
    }
  })
})
