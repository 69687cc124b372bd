import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect } from 'vitest'
import type { DatabaseSeen, Inside, Server } from '../../src/aws/sql.ts'
import { type OpenSql, openSql } from '../../src/database/open.ts'
import { findMysql, startMysql } from '../support/mysql.ts'
import { Secrets } from './support.ts'

/** The server of this machine, or why there is none. Another one may be named: `mysql://user:password@127.0.0.1:3306`, of a user who may all that the master user of RDS may. */
const named = process.env.INFRA_TEST_MYSQL
const found = named ? 'named' : await findMysql()
export const none: string | undefined = typeof found === 'string' && !named ? found : undefined
const started = typeof found === 'string' ? undefined : await startMysql(found)
export const url = started?.url ?? new URL(named ?? 'mysql://nobody:none@127.0.0.1:1')

/** The server, and what tests of it say again and again. What they make is removed at the end. */
export const mysqlServer = () => {
  const secrets = new Secrets()
  const server: Server = { id: 'shop-db', engine: 'mysql', host: url.hostname, port: Number(url.port), secret: 'master' }
  const master = { host: url.hostname, port: Number(url.port), user: url.username, password: url.password }
  secrets.values.master = { master_username: url.username, master_password: url.password }
  const opened: OpenSql[] = []
  const open = (options: { address?: { host: string; port: number }; caFile?: string } = {}): OpenSql => {
    const { address, caFile } = options
    const way = { via: 'direct', ...(address ? { address: async () => address } : {}), close: async () => {} } as const
    const made = openSql({ aws: secrets.aws, way, caFile })
    opened.push(made)
    return made
  }
  const sql = open()
  const ask = async (text: string, as: object = {}): Promise<Record<string, unknown>[]> => {
    const client = await createConnection({ ...master, ...as })
    try {
      const [rows] = await client.query(text)
      return rows as Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }
  const inside = async (): Promise<Inside> => {
    const looked = await sql.send('Look', { server })
    return looked.is === 'open' ? looked.inside : expect.fail(looked.why)
  }
  const database = async (name: string): Promise<DatabaseSeen | undefined> =>
    (await inside()).databases.find((d) => d.name === name)
  const made: { roles: string[]; databases: string[] } = { roles: [], databases: [] }
  const createRole = (name: string, password = `Password0of ${name.length}`) => {
    made.roles.push(name)
    return sql.send('CreateRole', { server, name, password: secrets.give(`of ${name}`, password) })
  }
  const createDatabase = (name: string, owner: string, collation = '') => {
    made.databases.push(name)
    return sql.send('CreateDatabase', { server, name, owner, encoding: 'utf8mb4', collation })
  }
  const login = (role: string, to: string, password = `Password0of ${role.length}`) =>
    sql.send('Login', { server, role, password: secrets.give('try', password), database: to })

  let before: string
  const names = ({ roles, databases }: Inside): string => JSON.stringify([roles.map((r) => r.name), databases.map((d) => d.name)])
  beforeAll(async () => {
    before = names(await inside())
  })
  afterAll(async () => {
    const { roles, databases } = await inside()
    for (const { name } of databases)
      if (made.databases.includes(name)) await sql.send('DropDatabase', { server, name, force: true })
    for (const { name } of roles) if (made.roles.includes(name)) await sql.send('DropRole', { server, name })
    expect(names(await inside())).toBe(before)
    await Promise.all(opened.map((o) => o.close()))
    await started?.stop()
  })
  return { secrets, server, master, open, sql, ask, inside, database, made, createRole, createDatabase, login }
}
