import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { classify } from '../../src/aws/trouble.ts'
import { type OpenSql, openSql } from '../../src/sql/open.ts'
import { makeCertificates } from '../support/postgres-tls.ts'
import { type Reply, type StandIn, startEncrypted, startStandIn } from './mysql-stand-in.ts'
import { failure, Secrets } from './support.ts'

/** What these statements do is tried on a real server in mysql-server.test.ts, where there is one. */
let standIn: StandIn
let sql: OpenSql
let server: Server
const secrets = new Secrets()
const certificates = makeCertificates()
const APP = "Pass'word 0of0app"

beforeEach(async () => {
  standIn = await startStandIn({ admin: 'Master0Password', app: APP })
  secrets.values.master = { master_username: 'admin', master_password: 'Master0Password' }
  sql = openSql({ aws: secrets.aws, way: { via: 'direct', close: async () => {} } })
  server = { id: 'shop-db', engine: 'mysql', host: '127.0.0.1', port: standIn.port, secret: 'master' }
})
afterEach(async () => {
  await sql.close()
  await standIn.close()
})

const password = secrets.give('of app', APP)
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

describe('connections', () => {
  it('one that breaks during a statement: nobody knows what happened', async () => {
    const error = await fails('cut', () => sql.send('CreateRole', { server, name: 'shop', password }))
    expect(error.name).toBe('ConnectionLost')
    expect(classify(error)).toBe('unknown-outcome')
  })

  it('one that broke before is opened anew', async () => {
    await sql.send('DropRole', { server, name: 'a' })
    standIn.drop()
    await new Promise((done) => setTimeout(done, 20))
    await sql.send('DropRole', { server, name: 'b' })
    expect(standIn.logins).toEqual(['admin@mysql', 'admin@mysql'])
  })

  it('encryption is wanted, and the server offers none', async () => {
    const way = {
      via: 'direct',
      address: async () => ({ host: '127.0.0.1', port: standIn.port }),
      close: async () => {},
    } as const
    const far = openSql({ aws: secrets.aws, way })
    const error = await failure(far.send('Look', { server: { ...server, host: 'shop-db.abc.us-east-1.rds.amazonaws.com' } }))
    expect(error.message).toContain('offers no encryption: no password was sent')
    expect(standIn.logins).toEqual([])
    await far.close()
  })

  it.each([
    ['localhost', 'ours', undefined],
    ['db.example.com', 'ours', /is not trusted: Hostname.* Host: db\.example\.com\. is not in the cert's altnames/],
    ['localhost', 'another', /is not trusted: .*certificate/],
  ])(
    'the certificate is checked against %s, not against the near end of a tunnel, and by %s authority',
    async (host, by, refusal) => {
      const { certificate, key, ca } = await certificates
      const caFile = join(await mkdtemp(join(tmpdir(), 'infra-mysql-')), 'ca.pem')
      await writeFile(caFile, by === 'ours' ? ca : (await makeCertificates()).ca)
      const encrypted = await startEncrypted(certificate, key)
      const way = {
        via: 'direct',
        address: async () => ({ host: '127.0.0.1', port: encrypted.port }),
        close: async () => {},
      } as const
      const far = openSql({ aws: secrets.aws, way, caFile })
      const { message } = await failure(far.send('Look', { server: { ...server, host } }))
      expect(message).toMatch(refusal ?? /^The database server refuses admin/)
      if (refusal) expect(encrypted.heard()).toBe('')
      else expect(encrypted.heard()).toContain('admin')
      await far.close()
      await encrypted.close()
      await rm(dirname(caFile), { recursive: true })
    },
  )

  it('nobody is there', async () => {
    const error = await failure(sql.send('Look', { server: { ...server, port: 1 } }))
    expect(error.message).toContain('cannot be reached from here: nobody answers at that address')
  })

  it('no error says the password, though the driver attaches the whole statement and the server quotes it', async () => {
    const message = `You have an error in your SQL syntax near '${APP.replaceAll("'", "''")}' at line 1`
    const error = await fails({ code: 1064, message }, () => sql.send('CreateRole', { server, name: 'shop', password }))
    const said = `${error.stack}\n${inspect(error, { depth: 10, showHidden: true })}`
    expect(said).toContain('You have an error in your SQL syntax')
    for (const secret of [APP, APP.replaceAll("'", "''"), 'IDENTIFIED BY']) expect(said).not.toContain(secret)
  })
})
