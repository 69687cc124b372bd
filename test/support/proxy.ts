import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { MARK } from './models/request.ts'
import { checkWire } from './models/watch.ts'

/** What happens to calls that match. Several rules that match one call all apply. */
export interface Rule {
  /** On `service.Operation`: `/^ec2\.Create/`. */
  readonly match: RegExp
  /** On the body of the request too. */
  readonly body?: RegExp
  /** How often it applies at most. Default: always. */
  readonly times?: number
  /** Matching calls that pass before it applies the first time. */
  readonly skip?: number
  /** The share of calls that it applies to, drawn with the proxy's seed. */
  readonly p?: number
  /** Applies only to what comes faster: a bucket of so many calls, filled again at so many a second, as AWS throttles. */
  readonly above?: { readonly burst: number; readonly perSecond: number }
  /** Milliseconds on the way to the server. */
  readonly delay?: number
  /** The error code to answer instead of asking the server, in the form of the call's protocol. */
  readonly error?: string
  /** Of the error. Default 400. */
  readonly status?: number
  readonly message?: string | ((call: Call) => string)
  /** With `error`: the server carries the call out first, and the error comes instead of its answer. */
  readonly late?: boolean
  /** The connection breaks before the server has heard of the call. */
  readonly reset?: boolean
  /** The server carries the call out, and the connection breaks instead of the answer. */
  readonly lose?: boolean
  /** In the text of the answer. */
  readonly replace?: readonly [RegExp, string]
}

export interface Call {
  /** Counts from 1 since the start or the last `clear`. */
  readonly n: number
  /** `ec2.CreateVpc`; `s3.PUT /bucket` where the protocol names no operation. */
  readonly op: string
  /** Milliseconds on the clock of `performance.now()` of this process. */
  readonly at: number
  /** When the answer was sent or the connection broken; undefined while it is under way. */
  end?: number
  /** Of the answer. */
  status?: number
  /** False for Describe, Get, List, Head and the like. */
  readonly changing: boolean
  /** What was sent: forms and JSON as text. Holds secrets, so it belongs into no report. */
  readonly body: string
  /** What was done to it: an error's code, `reset`, `lost`, `replaced`, `dropped`. */
  fault?: string
}

/** Called at an instant of each call, to look, to hold it up, or to end a process there. `drop` breaks the connection. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type Hook = (call: Call) => void | 'drop' | Promise<void | 'drop'>

export interface FaultProxy {
  readonly url: string
  rules: readonly Rule[]
  /** Before the server hears of the call: what a hook does here has happened before any effect. */
  before: Hook | undefined
  /** The server has carried it out; the caller does not know yet. */
  after: Hook | undefined
  /** Hears the text of each answer, also of one that is then lost, and says what the caller gets instead. */
  edit: ((call: Call, text: string) => string) | undefined
  readonly log: readonly Call[]
  /** Forgets the log and how often rules applied, and counts from 1 again. Rules and hooks stay. */
  clear(): void
  /** Calls that can have changed something. */
  changing(): Call[]
  /** Round trips deep: the longest chain of calls of which each began after the one before had its answer. */
  depth(): number
  maxInFlight(): number
  /** Milliseconds from the first call to the last answer. */
  span(): number
  close(): Promise<void>
}

const READS = /\.(Describe|Get|List|Head|AssumeRole|GET |HEAD )/

/** A proxy on a free loopback port in front of a server that speaks AWS's protocols. `seed` is for rules with `p`. */
export async function startProxy(target: string, { seed = 1 } = {}): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const random = seeded(seed)
  const applied = new Map<Rule, number>()
  let log: Call[] = []

  const buckets = new Map<Rule, { tokens: number; at: number }>()
  const spend = (rule: Rule, { burst, perSecond }: { burst: number; perSecond: number }): boolean => {
    const now = performance.now()
    const { tokens, at } = buckets.get(rule) ?? { tokens: burst, at: now }
    const full = Math.min(burst, tokens + ((now - at) / 1000) * perSecond)
    buckets.set(rule, { tokens: full >= 1 ? full - 1 : full, at: now })
    return full >= 1
  }

  const applies = (rule: Rule, call: Call): boolean => {
    if (call.op.search(rule.match) < 0 || (rule.body && call.body.search(rule.body) < 0)) return false
    if (rule.p !== undefined && random() >= rule.p) return false
    if (rule.above && spend(rule, rule.above)) return false
    const nth = (applied.get(rule) ?? 0) + 1
    applied.set(rule, nth)
    const skip = rule.skip ?? 0
    return nth > skip && nth <= skip + (rule.times ?? Number.POSITIVE_INFINITY)
  }

  const serve = async (question: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const at = performance.now()
    const body = await whole(question)
    const text = body.toString('utf8')
    const op = operationOf(question, text)
    if (question.headers[MARK] === undefined) {
      checkWire({ method: question.method ?? '', path: question.url ?? '/', headers: question.headers, body })
      question.headers[MARK] = '1'
    }
    const call: Call = { n: log.length + 1, op, at, changing: !READS.test(op), body: text }
    log.push(call)
    const finish = (status: number, headers: Record<string, string | string[] | undefined>, content: Buffer): void => {
      call.status = status
      answer.writeHead(status, { ...headers, 'content-length': String(content.length) }).end(content)
      call.end = performance.now()
    }
    const breakOff = (fault: string): void => {
      call.fault = fault
      call.end = performance.now()
      question.socket.destroy()
    }
    const rules = proxy.rules.filter((rule) => applies(rule, call))
    const delay = rules.reduce((sum, rule) => sum + (rule.delay ?? 0), 0)
    if (delay > 0) await sleep(delay)
    if ((await proxy.before?.(call)) === 'drop') return breakOff('dropped')
    if (rules.some((rule) => rule.reset)) return breakOff('reset')
    const refusal = rules.find((rule) => rule.error !== undefined)
    const refuse = ({ error = '', message = 'refused by the proxy', status = 400 }: Rule): void => {
      call.fault = error
      const [type, content] = errorBody(question, op, error, typeof message === 'string' ? message : message(call))
      finish(status, { 'content-type': type, 'x-amzn-errortype': error }, Buffer.from(content))
    }
    if (refusal && !refusal.late) return refuse(refusal)
    // What the client has signed, for a server that answers only at its own address.
    const headers = { ...question.headers, host: `${hostname}:${port}`, 'x-forwarded-host': question.headers.host }
    const asked = request({ agent, hostname, port, method: question.method, path: question.url, headers })
    asked.end(body)
    const [given] = (await once(asked, 'response')) as [IncomingMessage]
    let content = await whole(given)
    if (proxy.edit) content = Buffer.from(proxy.edit(call, content.toString('utf8')))
    if ((await proxy.after?.(call)) === 'drop') return breakOff('dropped')
    if (rules.some((rule) => rule.lose)) return breakOff('lost')
    if (refusal) return refuse(refusal)
    for (const { replace } of rules) {
      const replaced = replace && content.toString('utf8').replaceAll(global(replace[0]), replace[1])
      if (replaced === undefined || replaced === content.toString('utf8')) continue
      call.fault = 'replaced'
      content = Buffer.from(replaced)
    }
    // The server's own connection ends with each answer; that of the caller goes on.
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = given.headers
    finish(given.statusCode ?? 502, rest, content)
  }

  const server = createServer((question, answer) => {
    serve(question, answer).catch(() => question.socket.destroy())
  })
  server.keepAliveTimeout = 0 // a connection that is idle for long must not break under a call that is just being sent
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    rules: [],
    before: undefined,
    after: undefined,
    edit: undefined,
    get log() {
      return log
    },
    clear() {
      log = []
      applied.clear()
    },
    changing: () => log.filter((call) => call.changing),
    depth: () => depthOf(log),
    maxInFlight: () => Math.max(0, ...log.map((call) => log.filter((c) => c.at <= call.at && endOf(c) > call.at).length)),
    span: () => (log.length === 0 ? 0 : Math.max(...log.map(endOf)) - Math.min(...log.map((call) => call.at))),
    async close() {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

const endOf = (call: Call): number => call.end ?? performance.now()

/** The most calls of which no two overlap: always going on with the one that ends first finds it. */
function depthOf(log: readonly Call[]): number {
  let depth = 0
  let free = Number.NEGATIVE_INFINITY
  for (const call of [...log].sort((a, b) => endOf(a) - endOf(b))) {
    if (call.at < free) continue
    depth++
    free = endOf(call)
  }
  return depth
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function operationOf({ headers, url = '/', method }: IncomingMessage, body: string): string {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 's3'
  const target = headers['x-amz-target']
  const named =
    (typeof target === 'string' ? target.split('.').pop() : undefined) ??
    /\/operation\/([^/?]+)/.exec(url)?.[1] ??
    /(?:^|&)Action=([^&]+)/.exec(body)?.[1]
  return `${service}.${named ?? `${method} ${url.split('?')[0]}`}`
}

function errorBody({ headers }: IncomingMessage, op: string, code: string, message: string): [type: string, body: string] {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const error = `<Code>${code}</Code><Message>${escaped}</Message>`
  if (/json/.test(headers['content-type'] ?? '')) return ['application/x-amz-json-1.0', JSON.stringify({ __type: code, message })]
  if (op.startsWith('ec2.'))
    return ['text/xml', `<Response><Errors><Error>${error}</Error></Errors><RequestID>x</RequestID></Response>`]
  if (op.startsWith('s3.')) return ['application/xml', `<Error>${error}</Error>`]
  return ['text/xml', `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>x</RequestId></ErrorResponse>`]
}

const global = (re: RegExp): RegExp => (re.global ? re : new RegExp(re.source, `${re.flags}g`))

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
