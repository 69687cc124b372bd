import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { classify } from '../../src/aws/trouble.ts'
import { InfraError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/json.ts'
import { type Connection, clientChannel } from '../../src/database/client-channel.ts'
import { explainSql, isBarred, isFull, isNoDatabase, isWrongPassword } from '../../src/database/errors.ts'
import type { Dialect } from '../../src/database/job.ts'
import { mysql } from '../../src/database/mysql.ts'
import { postgres } from '../../src/database/postgres.ts'
import { scramVerifier } from '../../src/database/scram.ts'
import { failure, newest, type Place, placeOn } from './support.ts'

const server: Server = { id: 'shop-db', engine: 'postgres', host: 'db.example.com', port: 5432, secret: 'master' }
const coded = (code: string, message = code, more: object = {}): Error => Object.assign(new Error(message), { code, ...more })

describe('how the engine takes an error of the server', () => {
  it.each([
    ['42710', 'exists'],
    ['42P04', 'exists'],
    ['23505', 'exists'],
    ['42704', 'gone'],
    ['3D000', 'gone'],
    ['55006', 'in-use'],
    ['2BP01', 'in-use'],
    ['42501', 'fatal'],
    ['28P01', 'fatal'],
    ['28000', 'fatal'],
    ['57P01', 'unknown-outcome'],
    ['57P03', 'fatal'],
    ['ECONNRESET', 'unknown-outcome'],
    ['EPIPE', 'unknown-outcome'],
    ['ECONNREFUSED', 'fatal'],
    ['ENOTFOUND', 'fatal'],
    ['ETIMEDOUT', 'fatal'],
    ['ER_DB_CREATE_EXISTS', 'exists'],
    ['ER_DB_DROP_EXISTS', 'gone'],
    ['ER_BAD_DB_ERROR', 'gone'],
    ['ER_CANT_CREATE_USER_WITH_GRANT', 'gone'],
    ['ER_ACCESS_DENIED_ERROR', 'fatal'],
    ['ER_DBACCESS_DENIED_ERROR', 'fatal'],
    ['PROTOCOL_CONNECTION_LOST', 'unknown-outcome'],
  ])('%s is %s', (code, trouble) => {
    const error = explainSql(coded(code), server, 'postgres')
    expect(error).toBeInstanceOf(InfraError)
    expect(classify(error)).toBe(trouble)
  })

  it.each([
    ["Operation CREATE USER failed for 'shop'@'%'", 'exists'],
    ["Operation DROP USER failed for 'shop'@'%'", 'gone'],
    ["Operation ALTER USER failed for 'shop'@'%'", 'gone'],
  ])('%s is %s', (message, trouble) => {
    expect(classify(explainSql(coded('ER_CANNOT_USER', message), server, 'admin'))).toBe(trouble)
  })

  it.each([
    'Connection terminated unexpectedly',
    'Client has encountered a connection error and is not queryable',
    "Can't add new command when connection is in closed state",
  ])('%s is a lost connection', (message) => {
    expect(explainSql(new Error(message), server, 'postgres').name).toBe('ConnectionLost')
  })

  it('what a login shows', () => {
    expect(isWrongPassword(coded('28P01'))).toBe(true)
    expect(isWrongPassword(coded('ER_MUST_CHANGE_PASSWORD_LOGIN'))).toBe(true)
    expect(isWrongPassword(coded('28000'))).toBe(false)
    expect(isBarred(coded('42501'))).toBe(true)
    expect(isNoDatabase(coded('3D000'))).toBe(true)
    expect(isNoDatabase(coded('55006'))).toBe(false)
    expect(isFull(coded('53300'))).toBe(true)
  })

  it('an error of this house passes through', () => {
    const own = new InfraError('The secret is empty')
    expect(explainSql(own, server, 'postgres')).toBe(own)
  })

  it.each([
    ['53300', 'takes no more connections'],
    ['57P03', 'takes no connections now'],
    ['HANDSHAKE_SSL_ERROR', 'is not trusted'],
    ['CERT_HAS_EXPIRED', 'is not trusted'],
  ])('%s: %s', (code, what) => {
    expect(explainSql(coded(code), server, 'postgres').message).toContain(what)
  })

  it('a client certificate that the server wants is not taken for a certificate that is not trusted', () => {
    const error = explainSql(coded('28000', 'connection requires a valid client certificate'), server, 'postgres')
    expect(error.message).toBe('The database server refused: connection requires a valid client certificate')
  })
})

describe('no error says a password, or what one is checked by', () => {
  /** A server that quotes all that it is sent, and a driver that attaches it to its error. */
  const telltale = (sent: string[], dialect: Dialect) =>
    clientChannel(
      server,
      server,
      undefined,
      {
        master: async () => ({ user: 'postgres', password: new Secret('unused') }),
        nextOfMaster: async () => undefined,
        password: async () => new Secret(sent[0] ?? ''),
      },
      async (): Promise<Connection> => ({
        query: async (text) => {
          sent.push(text)
          throw coded('42601', `syntax error at or near "${text}"`, { sql: text, sqlMessage: text, detail: text, where: text })
        },
        literal: (plain) => {
          const literal = dialect === postgres ? `'${scramVerifier(plain)}'` : `'${plain}'`
          sent.push(literal)
          return literal
        },
        close: async () => {},
        ended: false,
      }),
    )

  it('for any password', async () => {
    const printable = fc.array(fc.integer({ min: 0x20, max: 0x7e }), { minLength: 8, maxLength: 40 })
    const password = printable.map((codes) => String.fromCharCode(...codes))
    await fc.assert(
      fc.asyncProperty(
        password,
        fc.constantFrom(postgres, mysql),
        fc.constantFrom('createRole', 'alterRole'),
        async (plain, dialect, how) => {
          const sent = [plain]
          const error = await failure(
            telltale(sent, dialect).run(dialect[how as 'createRole']('shop', { secret: 's', key: 'k' })),
          )
          const said = [
            error.message,
            error.stack ?? '',
            inspect(error, { depth: 10, showHidden: true }),
            JSON.stringify(error),
          ].join('\n')
          const [, literal = ''] = sent
          expect(said).not.toContain(literal)
          expect(said).not.toContain(literal.slice(1, -1))
          expect(said).not.toContain('SCRAM-SHA-256$')
          expect(said).not.toContain(plain)
        },
      ),
      { numRuns: 30 },
    )
  })

  describe('on a server', () => {
    let place: Place
    beforeAll(async () => {
      place = await placeOn(newest)
    })
    afterAll(() => place?.close())

    it('that refuses', async () => {
      const plain = 'Vk3n8sQw0pZx7rTb2mLc5hYd9fGj4aNe'
      const password = place.secrets.give('role', plain)
      const create = { server: place.server, name: 'shop', password }
      await place.send('CreateRole', create)
      await place.ask('ALTER ROLE shop PASSWORD NULL')
      const login = { server: place.server, role: 'shop', password, database: 'postgres' }
      expect(await place.send('Login', login)).toBe('wrong-password')
      const errors = [
        await failure(place.send('CreateRole', create)),
        await failure(place.send('AlterRole', { ...create, name: 'not there' })),
        await failure(place.send('AlterRole', { ...create, name: 'rdsadmin' })),
      ]
      for (const error of errors) {
        const said = `${error.stack}\n${inspect(error, { depth: 10, showHidden: true })}`
        for (const secret of [plain, 'SCRAM-SHA-256$', place.pg.master.password]) expect(said).not.toContain(secret)
      }
      expect(errors.map((e) => e.name)).toEqual(['RoleAlreadyExists', 'RoleNotFound', 'SqlError'])
    })
  })
})

it('a name that another session changed in the same instant is looked at again, not given up', () => {
  const error = Object.assign(new Error('tuple concurrently deleted'), { code: 'XX000' })
  expect(classify(explainSql(error, server, 'postgres'))).toBe('unknown-outcome')
})
