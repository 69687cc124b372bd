import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does with a call: answers with a status and a body, or cuts the line. */
export type Reply = { readonly status: number; readonly body: string; readonly after?: Promise<void> } | 'cut' | 'cut half way'

export interface LocalServer {
  readonly url: string
  /** Any will do. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** The Action of each call, in order. */
  readonly calls: string[]
  /** What each call said, in the same order. */
  readonly forms: URLSearchParams[]
  close(): Promise<void>
}

/** A tiny server on loopback that speaks EC2's query protocol, and hears the operations of JSON ones, as far as these tests need it. */
export const serve = async (reply: (action: string, nth: number) => Reply): Promise<LocalServer> => {
  const calls: string[] = []
  const forms: URLSearchParams[] = []
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const form = new URLSearchParams(text)
    const target = request.headers['x-amz-target']
    const action = form.get('Action') ?? String(target ?? '?').replace(/^.*\./, '')
    calls.push(action)
    forms.push(form)
    const answer = reply(action, calls.filter((c) => c === action).length)
    if (answer === 'cut') {
      request.socket.destroy()
      return
    }
    if (answer === 'cut half way') {
      response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '5000' })
      response.write('<CreateVpcResponse>', () => request.socket.destroy())
      return
    }
    await answer.after
    response.writeHead(answer.status, { 'content-type': 'text/xml', 'x-amzn-requestid': '1' }).end(answer.body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return { url: `http://127.0.0.1:${port}`, credentials, calls, forms, close }
}

export const ec2Error = (status: number, code: string): Reply => ({
  status,
  body: `<Response><Errors><Error><Code>${code}</Code><Message>${code}</Message></Error></Errors><RequestID>1</RequestID></Response>`,
})

export const ec2Answer = (action: string, inner: string, after?: Promise<void>): Reply => ({
  status: 200,
  body: `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>${inner}</${action}Response>`,
  ...(after ? { after } : {}),
})
