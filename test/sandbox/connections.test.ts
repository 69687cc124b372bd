import { once } from 'node:events'
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const url = inject('motoUrl')

describe.skipIf(!url)('connections to the local AWS', () => {
  const { hostname, port } = new URL(url ?? 'http://127.0.0.1:1')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let sockets: Set<unknown>
  beforeAll(() => {
    sockets = new Set()
  })
  afterAll(() => agent.destroy())

  const ask = async (method: string, path: string, body = '', headers: OutgoingHttpHeaders = {}) => {
    const sent = request({ hostname, port, agent, method, path, headers: { 'content-length': body.length, ...headers } })
    sent.once('socket', (socket) => sockets.add(socket))
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    let text = ''
    for await (const part of answer) text += part
    return { status: answer.statusCode, headers: answer.headers, text }
  }

  it('stay open for the next request, also after a body that nobody read', async () => {
    // Unsigned, so that each is refused by its head alone. What is left of a long body must not be taken for the next request.
    const first = await ask('POST', '/', 'GET /nonsense HTTP/1.1\r\n\r\n'.repeat(100_000))
    expect(first.status).toBe(403)
    expect(first.headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=5' })
    const second = await ask('GET', '/infra-sandbox')
    expect([second.status, second.text]).toEqual([403, first.text])
    expect(sockets.size).toBe(1)
  })

  it('an answer without a body has none, whatever its length would be', async () => {
    const head = await ask('HEAD', '/infra-sandbox')
    expect([head.status, head.text]).toEqual([403, ''])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    expect((await ask('GET', '/infra-sandbox')).status).toBe(403)
    expect(sockets.size).toBe(1)
  })

  it('a body that is too long to be read in one piece, or that does not tell its length, is served all the same', async () => {
    const long = await ask('POST', '/', 'x'.repeat(9 << 20))
    expect([long.status, long.headers.connection]).toEqual([403, 'close'])
    const chunked = request({ hostname, port, method: 'POST', path: '/', headers: { 'transfer-encoding': 'chunked' } })
    chunked.end('a=b')
    const [answer] = (await once(chunked, 'response')) as [IncomingMessage]
    answer.resume()
    expect([answer.statusCode, answer.headers.connection]).toEqual([403, 'close'])
  })

  it('a client that waits to be asked for the body is asked', async () => {
    const socket = connect(Number(port), hostname)
    let heard = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      heard += part
      if (heard === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('a=b')
    })
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n')
    await once(socket, 'close')
    expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 403 /)
    expect(heard).toContain('Connection: close')
  })
})
