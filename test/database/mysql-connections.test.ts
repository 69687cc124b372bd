import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { classify } from '../../src/aws/trouble.ts'
import { type OpenSql, openSql } from '../../src/database/open.ts'
import { makeCertificates } from '../support/postgres-tls.ts'
import { APP, mysqlPlaces } from './mysql-place.ts'
import { type Reply, type StandIn, startEncrypted } from './mysql-stand-in.ts'
import { failure } from './support.ts'

const certificates = makeCertificates()
let standIn: StandIn
let sql: OpenSql
let server: Server
const { secrets, password, at } = mysqlPlaces()
beforeEach(() => {
  ;({ standIn, sql, server } = at())
})
/** The create of a role that ends so. */
const fails = (reply: Reply) => {
  standIn.reply = () => reply
  return failure(sql.send('CreateRole', { server, name: 'shop', password }))
}

describe('connections to MySQL', () => {
  it('one that breaks during a statement: nobody knows what happened', async () => {
    const error = await fails('cut')
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
    const error = await fails({ code: 1064, message })
    const said = `${error.stack}\n${inspect(error, { depth: 10, showHidden: true })}`
    expect(said).toContain('You have an error in your SQL syntax')
    for (const secret of [APP, APP.replaceAll("'", "''"), 'IDENTIFIED BY']) expect(said).not.toContain(secret)
  })
})
