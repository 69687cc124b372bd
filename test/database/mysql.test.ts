import { beforeEach, describe, expect, it } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { classify } from '../../src/aws/trouble.ts'
import type { OpenSql } from '../../src/database/open.ts'
import { APP, mysqlPlaces } from './mysql-place.ts'
import type { Reply, StandIn } from './mysql-stand-in.ts'
import { failure } from './support.ts'

/** What these statements do is tried on a real server in mysql-server.test.ts, where there is one. */
let standIn: StandIn
let sql: OpenSql
let server: Server
const { secrets, password, at } = mysqlPlaces()
beforeEach(() => {
  ;({ standIn, sql, server } = at())
})
/** What a statement holds between X'...', readable. */
const plain = (statement: string): string =>
  statement.replace(/_utf8mb4 X'([0-9a-f]+)'/g, (_, hex: string) => `<${Buffer.from(hex, 'hex').toString()}>`)
const sentBy = async (work: () => Promise<unknown>): Promise<string[]> => {
  standIn.statements.length = 0
  await work()
  return standIn.statements.map(plain)
}
const fails = (reply: Reply, work: () => Promise<unknown>) => {
  standIn.reply = () => reply
  return failure(work())
}

describe('statements', () => {
  it('of a role', async () => {
    const role = { server, name: 'shop', password }
    expect(await sentBy(() => sql.send('CreateRole', role))).toEqual([
      "CREATE USER `shop`@`%` IDENTIFIED BY 'Pass''word 0of0app'",
    ])
    expect(await sentBy(() => sql.send('AlterRole', role))).toEqual([
      "ALTER USER `shop`@`%` IDENTIFIED BY 'Pass''word 0of0app' ACCOUNT UNLOCK",
    ])
    expect(await sentBy(() => sql.send('DropRole', role))).toEqual(['DROP USER `shop`@`%`'])
    expect(standIn.logins).toEqual(['admin@mysql'])
  })

  const create = { name: 'shop', owner: 'app', encoding: 'utf8mb4', collation: '' }
  const HOLDERS = /^SELECT COALESCE\(JSON_ARRAYAGG\(JSON_ARRAY\(d\.Db, d\.User\)\)/

  it('of a database', async () => {
    expect(await sentBy(() => sql.send('CreateDatabase', { server, ...create }))).toEqual([
      'CREATE DATABASE `shop` CHARACTER SET `utf8mb4`',
      'GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`',
      expect.stringMatching(HOLDERS),
    ])
    const [first] = await sentBy(() => sql.send('CreateDatabase', { server, ...create, collation: 'utf8mb4_bin' }))
    expect(first).toBe('CREATE DATABASE `shop` CHARACTER SET `utf8mb4` COLLATE `utf8mb4_bin`')
  })

  it('of a database with a name that is a pattern in GRANT: escaped, unless the server takes no patterns', async () => {
    expect(await sentBy(() => sql.send('AlterDatabase', { server, name: 'my_sh%p', owner: 'app' }))).toEqual([
      "SET @infra = IF(@@GLOBAL.partial_revokes, 'GRANT ALL PRIVILEGES ON `my_sh%p`.* TO `app`@`%`', <GRANT ALL PRIVILEGES ON `my\\_sh\\%p`.* TO `app`@`%`>)",
      'PREPARE infra FROM @infra',
      'EXECUTE infra',
      expect.stringMatching(HOLDERS),
    ])
  })

  it('of one that is handed over: the rights of those who had them all are taken', async () => {
    standIn.reply = (s) => (HOLDERS.test(s) ? { answer: '[["shop", "old"], ["shop", "app"], ["sh%p", "wild`one"]]' } : 'done')
    const sent = await sentBy(() => sql.send('AlterDatabase', { server, name: 'shop', owner: 'app' }))
    expect(sent[1]).toMatch(/'N' NOT IN \(d\.Select_priv, .*, d\.Trigger_priv\)$/)
    expect(sent.slice(2)).toEqual([
      'REVOKE ALL PRIVILEGES ON `shop`.* FROM `old`@`%`',
      'REVOKE ALL PRIVILEGES ON `sh%p`.* FROM `wild``one`@`%`',
    ])
  })

  it('of one that is dropped: never under somebody who uses it, unless forced', async () => {
    standIn.reply = (s) => (/PROCESSLIST/.test(s) ? { answer: '["app from 10.0.0.7:1234"]' } : 'done')
    const drop = { server, name: "it's", force: false }
    const error = await failure(sql.send('DropDatabase', drop))
    expect(error.message).toBe("The database it's is in use by app from 10.0.0.7:1234")
    expect(classify(error)).toBe('in-use')
    expect(standIn.statements.map(plain)).toEqual([
      expect.stringMatching(/FROM information_schema\.PROCESSLIST WHERE DB = <it's>$/),
    ])
    expect((await sentBy(() => sql.send('DropDatabase', { ...drop, force: true })))[0]).toBe("DROP DATABASE `it's`")
  })

  it('hold no backslash in a string, which each mode of the server reads differently, and no open quote', async () => {
    const name = 'a\'b\\c`d"e'
    const sent = await sentBy(async () => {
      await sql.send('CreateRole', { server, name, password })
      await sql.send('CreateDatabase', { server, name, owner: name, encoding: 'utf8mb4', collation: '' })
      await sql.send('Sessions', { server, database: name })
    })
    expect(sent.slice(0, 2)).toEqual([
      "CREATE USER `a'b\\c``d\"e`@`%` IDENTIFIED BY 'Pass''word 0of0app'",
      'CREATE DATABASE `a\'b\\c``d"e` CHARACTER SET `utf8mb4`',
    ])
    for (const statement of standIn.statements) {
      const strings = statement.replace(/`(?:[^`]|``)*`/g, '').match(/'(?:[^']|'')*'/g) ?? []
      expect(strings.filter((s) => s.includes('\\'))).toEqual([])
    }
    expect(
      (await failure(sql.send('CreateRole', { server, name: 'x', password: secrets.give('bad', 'back\\slash') }))).message,
    ).toContain('a backslash, which MySQL reads in two ways')
  })
})

describe('answers', () => {
  it('a look', async () => {
    const inside = {
      version: '8.0.46',
      roles: [{ name: 'app', login: true, granted: true }],
      databases: [
        { name: 'shop', owner: 'app', owners: ['app'], encoding: 'utf8mb4', collation: 'x', publicConnect: false, sessions: 0 },
      ],
    }
    standIn.reply = () => ({ answer: JSON.stringify(inside) })
    expect(await sql.send('Look', { server })).toEqual({ is: 'open', via: 'direct', inside })
  })

  it('a look without an answer is an error', async () => {
    expect((await failure(sql.send('Look', { server }))).message).toContain('does not say what is inside it')
  })

  it('sessions', async () => {
    standIn.reply = () => ({ answer: '["app from 10.0.0.7"]' })
    expect(await sql.send('Sessions', { server, database: 'shop' })).toEqual(['app from 10.0.0.7'])
  })

  it.each([
    ['', APP, 'ok'],
    ['shop', APP, 'ok'],
    ['barred', APP, 'barred'],
    ['missing', APP, 'no-database'],
    ['shop', 'another', 'wrong-password'],
  ])('a login to %j with %j: %s', async (database, with_, is) => {
    const login = { server, role: 'app', password: secrets.give('try', with_), database }
    expect(await sql.send('Login', login)).toBe(is)
    expect(standIn.logins).toEqual([`app@${database}`])
  })

  it.each([
    ['CreateRole', 1396, "Operation CREATE USER failed for 'shop'@'%'", 'exists'],
    ['DropRole', 1396, "Operation DROP USER failed for 'shop'@'%'", 'gone'],
    ['AlterRole', 1396, "Operation ALTER USER failed for 'shop'@'%'", 'gone'],
    ['CreateDatabase', 1007, "Can't create database 'shop'; database exists", 'exists'],
    ['DropDatabase', 1008, "Can't drop database 'shop'; database doesn't exist", 'gone'],
    ['AlterDatabase', 1410, 'You are not allowed to create a user with GRANT', 'gone'],
    ['AlterDatabase', 1044, "Access denied for user 'admin'@'%' to database 'shop'", 'fatal'],
    ['CreateRole', 1819, 'Your password does not satisfy the current policy requirements', 'fatal'],
  ] as const)('%s refused with %i is %s', async (operation, code, message, trouble) => {
    const input = { server, name: 'shop', password, owner: 'app', encoding: 'utf8mb4', collation: '', force: true }
    const error = await fails({ code, message }, () => sql.send(operation, input))
    expect(classify(error)).toBe(trouble)
    expect(error.message).toContain(message)
  })

  it('the master user’s password is wrong', async () => {
    secrets.values.master = { master_username: 'admin', master_password: 'wrong' }
    const error = await failure(sql.send('Look', { server }))
    expect(error.message).toBe(
      'The database server refuses admin: the password in the secret master is not the one that it knows',
    )
  })
})
