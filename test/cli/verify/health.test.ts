import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../../src/ecs/checks/ask.ts'
import { type Endpoint, endpointOf } from '../../../src/ecs/checks/endpoint.ts'
import { checkHealth, matches } from '../../../src/ecs/checks/health.ts'
import { type Certificates, makeCertificates } from '../../support/postgres-tls.ts'

const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
const _GROUP = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1'
const DNS = 'shop-1.us-east-1.elb.amazonaws.com'

describe('what it answers', () => {
  let tls: Certificates
  const servers: Server[] = []
  beforeAll(async () => {
    tls = await makeCertificates()
  })
  const stop = (s: Server): Promise<unknown> => new Promise((r) => s.close(r))
  afterEach(() => Promise.all(servers.splice(0).map(stop)))
  afterAll(() => Promise.all(servers.map(stop)))
  type Serve = (q: IncomingMessage, a: ServerResponse) => void
  const serve = async (handle: Serve, secure = false): Promise<number> => {
    const server = secure ? createSecure({ cert: tls.certificate, key: tls.key }, handle) : createServer(handle)
    servers.push(server)
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
    return (server.address() as AddressInfo).port
  }
  const at = (url: string, more: Partial<Endpoint> = {}): Endpoint => ({
    url: new URL(url),
    connect: '127.0.0.1',
    codes: '200',
    anyCertificate: false,
    follow: false,
    ...more,
  })
  const check = (e: Endpoint, patience?: number) => checkHealth('health', e, true, line, (x) => ask(x, patience, tls.ca))

  it('with its host and path, whatever the name in the address leads to', async () => {
    const asked: (string | undefined)[] = []
    const port = await serve((q, a) => {
      asked.push(q.headers.host, q.url)
      a.writeHead(204).end()
    })
    expect(await check(at(`http://shop.test:${port}/health?full=1`, { codes: '200-204' }))).toEqual({
      name: 'health',
      outcome: 'pass',
      detail: `http://shop.test:${port}/health?full=1 answers 204`,
    })
    expect(asked).toEqual([`shop.test:${port}`, '/health?full=1'])
  })

  it.each([
    [404, /answers 404, not 200/, /Fix health\.path or health\.matcher/],
    [403, /403 \(it wants a login/, /Fix health\.path/],
    [500, /answers 500, not 200/, /infra logs web/],
    [502, /502 \(the application broke the connection off/, /infra logs web/],
    [503, /503 \(the load balancer has no healthy target\)/, /infra verify web again/],
  ])('%s', async (status, detail, next) => {
    const port = await serve((_, a) => a.writeHead(status).end())
    const made = await check(at(`http://shop.test:${port}/`))
    expect(made).toMatchObject({ outcome: 'fail', detail: expect.stringMatching(detail), next: expect.stringMatching(next) })
  })

  it('from http to https it goes on, and the certificate counts; any other redirect is an answer', async () => {
    const secure = await serve((_, a) => a.writeHead(200).end('ok'), true)
    const port = await serve((q, a) =>
      a.writeHead(301, { location: q.url === '/in' ? `https://localhost:${secure}/in` : '/login' }).end(),
    )
    expect(await check(at(`http://localhost:${port}/in`))).toMatchObject({
      outcome: 'pass',
      detail: `http://localhost:${port}/in -> https://localhost:${secure}/in answers 200`,
    })
    expect(await check(at(`http://localhost:${port}/out`))).toMatchObject({
      outcome: 'fail',
      detail: `http://localhost:${port}/out answers 301 (to /login), not 200`,
    })
    // Another name leads where it leads, not to this load balancer.
    const away = await serve((_, a) => a.writeHead(301, { location: `https://other.test:${secure}/` }).end())
    expect((await check(at(`http://localhost:${away}/`))).detail).toContain('so other.test is not asked')
    // Where the target group itself counts a redirect, it is the right answer.
    expect(await check(at(`http://localhost:${port}/out`, { codes: '200,301' }))).toMatchObject({ outcome: 'pass' })
  })

  it('an address that a person has named: every redirect is followed, but not in a circle', async () => {
    const port = await serve((q, a) => (q.url === '/a' ? a.writeHead(302, { location: '/b' }) : a.writeHead(201)).end())
    const url = new URL(`http://127.0.0.1:${port}/a`)
    expect(await check(endpointOf(url))).toMatchObject({
      outcome: 'pass',
      detail: expect.stringMatching(/a -> .*\/b answers 201/),
    })
    const round = await serve((_, a) => a.writeHead(302, { location: '/' }).end())
    expect(await check(endpointOf(new URL(`http://127.0.0.1:${round}/`)))).toMatchObject({
      outcome: 'fail',
      detail: expect.stringContaining('redirects in a circle'),
    })
  })

  it("a certificate for another name is no answer, except at the load balancer's own name", async () => {
    const port = await serve((_, a) => a.writeHead(200).end(), true)
    expect(await check(at(`https://shop.test:${port}/`))).toMatchObject({
      outcome: 'fail',
      detail: expect.stringMatching(
        /^https:\/\/shop\.test:\d+\/: the certificate is for localhost, 127\.0\.0\.1, .*not for shop\.test$/,
      ),
      next: expect.stringContaining('loadBalancer.domain'),
    })
    expect(await check(at(`https://shop.test:${port}/`, { anyCertificate: true }))).toMatchObject({
      outcome: 'pass',
      detail: expect.stringContaining('its certificate is for localhost, 127.0.0.1'),
    })
    // Trusted it must be all the same.
    const untrusted = await checkHealth('health', at(`https://shop.test:${port}/`, { anyCertificate: true }), false, line, (x) =>
      ask(x),
    )
    expect(untrusted).toMatchObject({ outcome: 'fail', detail: expect.stringContaining('the certificate is not trusted') })
  })

  it('no answer, and nobody there', async () => {
    const port = await serve(() => undefined)
    const silent = await check(at(`http://shop.test:${port}/`), 50)
    expect(silent).toMatchObject({ outcome: 'fail', detail: expect.stringContaining('no answer within 0.05 seconds') })
    for (const s of servers) (s as import('node:http').Server).closeAllConnections()
    const gone = servers.pop()
    await stop(gone as Server)
    expect(await check(at(`http://shop.test:${port}/`))).toMatchObject({
      outcome: 'fail',
      detail: expect.stringContaining('the connection is refused'),
      next: 'infra create load-balancer',
    })
  })

  it('a test never asks anything but this machine', async () => {
    const made = await check(at('http://shop.test/', { connect: DNS }))
    expect(made).toMatchObject({ outcome: 'fail', detail: expect.stringContaining('INFRA_LOOPBACK_ONLY') })
  })

  it.each([
    ['200', 200, true],
    ['200', 201, false],
    ['200-299', 299, true],
    ['200-299', 300, false],
    ['200,301', 301, true],
    ['200,300-302', 302, true],
  ])('%s takes %s: %s', (codes, status, yes) => expect(matches(codes, status)).toBe(yes))
})
