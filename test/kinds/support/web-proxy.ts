import { createServer, type Server } from 'node:http'
import { createServer as createSecure, type Server as SecureServer } from 'node:https'
import { type AddressInfo, connect as dial, type Socket } from 'node:net'
import type { Certificates } from '../../support/postgres-tls.ts'

export interface WebProxy {
  readonly url: string
  /** The hosts that connections through it were asked for, in order. */
  readonly hosts: string[]
  /** What it answers instead of connecting; undefined: it connects. */
  refuses: number | undefined
  /** `Proxy-Authorization` of the last call. */
  signedIn: string | undefined
  close(): void
}

type Page = (host: string, body: string) => { status?: number; type?: string; body: string }

/** A company's proxy on loopback. Whatever host is asked for, one server of ours is behind it, with AWS's names in its certificate. */
export const webProxy = async (tls: Certificates, page: Page): Promise<WebProxy> => {
  const sockets = new Set<Socket>()
  const keep = (server: Server | SecureServer): void => {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    })
  }
  const aws = createSecure({ key: tls.key, cert: tls.certificate }, async (question, answer) => {
    let body = ''
    for await (const part of question) body += part
    const said = page(String(question.headers.host), body)
    answer.writeHead(said.status ?? 200, { 'x-amzn-requestid': '1', 'content-type': said.type ?? 'text/xml' }).end(said.body)
  })
  const proxy = createServer((_, answer) => answer.writeHead(400).end())
  const made: WebProxy = { url: '', hosts: [], refuses: undefined, signedIn: undefined, close: () => {} }
  proxy.on('connect', (question, near: Socket, head: Buffer) => {
    near.on('error', () => {})
    made.hosts.push(String(question.url))
    made.signedIn = question.headers['proxy-authorization']
    if (made.refuses !== undefined) {
      near.end(
        `HTTP/1.1 ${made.refuses} no\r\ncontent-type: text/html\r\ncontent-length: 13\r\nconnection: close\r\n\r\n<html></html>`,
      )
      return
    }
    const far = dial((aws.address() as AddressInfo).port, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.write(head)
      far.pipe(near).pipe(far)
    })
    far.on('error', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  for (const server of [aws, proxy]) {
    keep(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  }
  const close = (): void => {
    for (const server of [aws, proxy]) server.close()
    for (const socket of sockets) socket.destroy()
  }
  return Object.assign(made, { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, close })
}
