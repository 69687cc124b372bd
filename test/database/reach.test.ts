import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { classify } from '../../src/aws/trouble.ts'
import { openSql } from '../../src/database/open.ts'
import { tlsFor } from '../../src/database/tls.ts'
import { startPgProxy } from '../support/pg-proxy.ts'
import { type Certificates, makeCertificates } from '../support/postgres-tls.ts'
import { failure, newest, type Place, placeOn } from './support.ts'

const RDS = 'shop-db.abc123.us-east-1.rds.amazonaws.com'

let folder: string
let certificates: Certificates
let secret: Place
let plain: Place
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-reach-'))
  certificates = await makeCertificates()
  await writeFile(join(folder, 'stranger.pem'), certificates.ca)
  await writeFile(join(folder, 'nothing.pem'), 'nothing')
  secret = await placeOn({ ...newest, tls: 'required' })
  plain = await placeOn(newest)
})
afterAll(async () => {
  await Promise.all([secret?.close(), plain?.close()])
  await rm(folder, { recursive: true, force: true })
})

const look = (of: Place, server: Server, options: Parameters<Place['open']>[0] = {}) => of.open(options).send('Look', { server })
const at = (of: Place, host: string): Server => ({ ...of.server, host })
const near = (of: Place, host = '127.0.0.1') => ({ host, port: of.pg.port })
const caOf = (of: Place): string => of.pg.caFile ?? expect.fail('it has no certificate')

describe('an encrypted connection', () => {
  it.each(['localhost', '127.0.0.1'])('to %s, with the certificate that databases.caFile names', async (host) => {
    const looked = await look(secret, at(secret, host), { caFile: caOf(secret) })
    expect(looked).toMatchObject({ is: 'open', inside: { version: newest.version } })
  })

  it('is refused when another authority has signed', async () => {
    const error = await failure(look(secret, secret.server, { caFile: join(folder, 'stranger.pem') }))
    expect(error.what).toMatch(/^The certificate of the database server 127\.0\.0\.1:\d+ is not trusted: .*certificate/)
    expect(error.why).toContain('no password was sent')
    expect(error.next).toContain('databases.caFile')
  })

  it('is refused when the authorities are those of Amazon RDS', async () => {
    const error = await failure(look(secret, at(secret, RDS), { address: near(secret) }))
    expect(error.what).toContain(`The certificate of the database server ${RDS}`)
    expect(error.what).toContain('is not trusted')
  })

  it.each(['127.0.0.1', 'localhost'])(
    'is refused when the certificate is another host’s, with the near end at %s',
    async (host) => {
      const options = { address: near(secret, host), caFile: caOf(secret) }
      const error = await failure(look(secret, at(secret, RDS), options))
      expect(error.what).toContain(`is not trusted: Hostname/IP does not match certificate's altnames: Host: ${RDS}.`)
    },
  )

  it('through a tunnel is checked against the server, not against the near end', async () => {
    const tunnel = await startPgProxy(secret.pg.port)
    try {
      const address = { host: '127.0.0.1', port: tunnel.port }
      expect(await look(secret, at(secret, 'localhost'), { address, caFile: caOf(secret) })).toMatchObject({ is: 'open' })
      // It is encrypted, so the tunnel reads nothing.
      expect(tunnel.statements).toEqual([])
    } finally {
      await tunnel.close()
    }
  })

  it('is wanted, and the server offers none', async () => {
    const error = await failure(look(plain, plain.server, { caFile: caOf(secret) }))
    expect(error.message).toMatch(/^The database server 127\.0\.0\.1:\d+ offers no encryption: no password was sent$/)
  })

  it('is what the server wants, and to this machine one speaks in clear', async () => {
    const error = await failure(look(secret, secret.server))
    expect(error.what).toMatch(/takes encrypted connections only$/)
    expect(error.next).toContain('databases.caFile')
  })

  it.each([
    ['missing.pem', /no such file/],
    ['nothing.pem', /there is no certificate in it/],
  ])('with a databases.caFile of no use: %s', async (file, why) => {
    const error = await failure(look(secret, secret.server, { caFile: join(folder, file) }))
    expect(error).toMatchObject({ what: expect.stringContaining(file), why: expect.stringMatching(why), exitCode: 2 })
  })
})

it('Amazon’s own authorities are those of each region', async () => {
  const tls = await tlsFor(at(plain, RDS))
  const authorities = (tls?.ca ?? []).map((pem) => new X509Certificate(pem))
  expect(tls).toMatchObject({ servername: RDS, rejectUnauthorized: true })
  for (const region of ['us-east-1', 'eu-central-1', 'ap-southeast-2'])
    expect(authorities.some((a) => a.ca && a.subject.includes(`CN=Amazon RDS ${region} Root CA RSA2048 G1`))).toBe(true)
  expect(await tlsFor(plain.server)).toBeUndefined()
})

describe('somebody else who answers in its place', () => {
  const servers: NetServer[] = []
  afterAll(() => servers.forEach((s) => void s.close()))
  const answering = async (answer: (socket: Socket) => void): Promise<number> => {
    const server = createServer((socket) => answer(socket.on('error', () => {}))).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  it('hears nothing over a connection with a certificate of its own', async () => {
    const heard: Buffer[] = []
    const port = await answering((socket) =>
      socket.once('data', () => {
        socket.write('S')
        const { certificate: cert, key } = certificates
        new TLSSocket(socket, { isServer: true, cert, key }).on('error', () => {}).on('data', (part: Buffer) => heard.push(part))
      }),
    )
    const error = await failure(
      look(secret, at(secret, 'localhost'), { address: { host: '127.0.0.1', port }, caFile: caOf(secret) }),
    )
    expect(error.what).toContain('is not trusted')
    expect(Buffer.concat(heard).toString()).toBe('')
  })

  it('and ends the connection at once', async () => {
    const port = await answering((socket) => socket.destroy())
    const error = await failure(look(plain, { ...plain.server, port }))
    expect(error.what).toContain('broke off')
    expect(classify(error)).toBe('unknown-outcome')
  })
})

describe('a server that is not there', () => {
  it('says so, and what to do', async () => {
    const error = await failure(look(plain, { ...plain.server, port: 1 }))
    expect(error.message).toBe('The database server 127.0.0.1:1 cannot be reached from here: nobody answers at that address')
    expect(error.next).toContain('databases.via')
    expect(classify(error)).toBe('fatal')
  })

  it('is asked anew the next time', async () => {
    const tunnel = await startPgProxy(plain.pg.port)
    const opened = plain.open({ address: { host: '127.0.0.1', port: tunnel.port } })
    tunnel.cut(1, 'before', true)
    expect((await failure(opened.send('Look', { server: plain.server }))).name).toBe('ConnectionLost')
    expect((await failure(opened.send('Look', { server: plain.server }))).name).toBe('ConnectionLost')
    tunnel.clear()
    expect(await opened.send('Look', { server: plain.server })).toMatchObject({ is: 'open' })
    await tunnel.close()
  })
})

describe('the master user', () => {
  it('whose password in the secret is wrong', async () => {
    plain.secrets.values.wrong = { master_username: 'postgres', master_password: 'Wrong0Password0123' }
    const error = await failure(look(plain, { ...plain.server, secret: 'wrong' }))
    expect(error.message).toBe(
      'The database server refuses postgres: the password in the secret wrong is not the one that it knows',
    )
    expect(error.next).toContain('infra db rotate-password')
    expect(classify(error)).toBe('fatal')
  })

  it('whose secret lacks a key, or is not there: the error of the secret, not of the server', async () => {
    plain.secrets.values.half = { master_username: 'postgres' }
    expect((await failure(look(plain, { ...plain.server, secret: 'half' }))).message).toContain(
      'The secret half has no master_password',
    )
    expect((await failure(look(plain, { ...plain.server, secret: 'none' }))).name).toBe('ResourceNotFoundException')
    const create = { server: plain.server, name: 'nobody', password: { secret: 'none', key: 'password' } }
    expect((await failure(plain.send('CreateRole', create))).name).toBe('ResourceNotFoundException')
    expect(await readFile(join(plain.pg.dir, 'log'), 'utf8')).not.toContain('nobody')
  })
})

it('a tunnel that has ended is opened anew by the next operation', async () => {
  const deaf = createServer().listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  const closed = (deaf.address() as AddressInfo).port
  deaf.close()
  let opened = 0
  const tunnel = async () => ({ host: '127.0.0.1', port: opened++ === 0 ? closed : plain.pg.port })
  const sql = openSql({ aws: plain.secrets.aws, way: { via: 'ssm', address: tunnel, close: async () => {} } })
  expect((await failure(sql.send('Look', { server: plain.server }))).name).toBe('DatabaseAway')
  expect(await sql.send('Look', { server: plain.server })).toMatchObject({ is: 'open', via: 'ssm' })
  expect(opened).toBe(2)
  await sql.close()
})
