import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ATTEMPT_MS, LARGEST_ANSWER, NotAws, outputOf } from '../../src/aws/answer.ts'
import { type Aws, connect } from '../../src/aws/clients.ts'
import { UnknownOutcome } from '../../src/aws/guard.ts'
import { classify } from '../../src/aws/trouble.ts'
import { Interrupted } from '../../src/core/errors.ts'

type Answer = (answer: ServerResponse, nth: number) => void

const ID = { 'x-amzn-requestid': '1', 'x-amz-request-id': '1' }
const VPCS = '<DescribeVpcsResponse><requestId>1</requestId><vpcSet/></DescribeVpcsResponse>'
const HTML = '<!DOCTYPE html><html><body>Sign in to the network</body></html>'

let stop = (): void => {}
let asked = 0
/** AWS on loopback that answers every call so. */
const answering = async (reply: Answer, signal?: AbortSignal): Promise<Aws> => {
  asked = 0
  const server = createServer(async (question, answer) => {
    for await (const _ of question);
    reply(answer, ++asked)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  stop = () => {
    server.closeAllConnections()
    server.close()
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return connect({ region: 'us-east-1', sandbox: { url, credentials }, ...(signal ? { signal } : {}) })
}
/** Headers, half of the answer, then silence. */
const half: Answer = (answer) => {
  answer.writeHead(200, { ...ID, 'content-type': 'text/xml', 'content-length': '5000' })
  answer.write(VPCS.slice(0, 40))
}
const whole =
  (body: string, headers: Record<string, string> = ID, status = 200): Answer =>
  (answer) => {
    answer.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) }).end(body)
  }
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it should have failed'),
    (error: Error) => error,
  )
/** Waits until the call has arrived, then lets real sockets work and moves the timers until the call is over. */
const over = async <T>(call: Promise<T>, most: number): Promise<{ ms: number; value: T | Error }> => {
  let value: T | Error | undefined
  call.then(
    (v) => {
      value = v
    },
    (e: Error) => {
      value = e
    },
  )
  // Before its first request a client reads files, which takes real time.
  while (asked === 0 && value === undefined) await new Promise((done) => setImmediate(done))
  let ms = 0
  for (; value === undefined && ms < most; ms += 250) {
    for (let i = 0; i < 5; i++) await new Promise((done) => setImmediate(done))
    await vi.advanceTimersByTimeAsync(250)
  }
  if (value === undefined) expect.fail(`it still hangs after ${most / 1000} s`)
  return { ms, value }
}

// Loading takes real time, in which the clock of a test would run on.
beforeAll(() => Promise.all(['ec2', 's3', 'sts'].map((service) => import(`../../src/aws/services/${service}.ts`))))
beforeEach(() => {
  // The SDK's pauses between its attempts are a random share of a growing time.
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  stop()
})
const fake = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })

describe('an answer that stops in the middle', () => {
  it('is asked for again: a read ends as soon as one comes whole', async () => {
    const aws = await answering((answer, nth) => (nth === 1 ? half(answer, nth) : whole(VPCS)(answer, nth)))
    fake()
    const { ms, value } = await over(aws.ec2('DescribeVpcs', {}), 2 * ATTEMPT_MS)
    expect(value).toMatchObject({ $metadata: { httpStatusCode: 200 } })
    expect(ms).toBeGreaterThanOrEqual(ATTEMPT_MS - 1000)
    expect(asked).toBe(2)
  })

  it('again and again is no answer: within two minutes, over all attempts', async () => {
    const aws = await answering(half)
    fake()
    const { value } = await over(aws.ec2('DescribeVpcs', {}), 120_000)
    expect((value as Error).name).toBe('NoAnswer')
    expect(classify(value)).toBe('unknown-outcome')
    expect(asked).toBe(2)
  })

  it('and so is one byte every two seconds', async () => {
    const aws = await answering((answer, nth) => {
      half(answer, nth)
      setInterval(() => answer.write(' '), 2000)
    })
    fake()
    expect(((await over(aws.ec2('DescribeVpcs', {}), 120_000)).value as Error).name).toBe('NoAnswer')
  })

  it('to a create is an unknown outcome, and the create is sent once', async () => {
    const aws = await answering(half)
    fake()
    const { value } = await over(aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' }), ATTEMPT_MS + 5000)
    expect(value).toBeInstanceOf(UnknownOutcome)
    expect(asked).toBe(1)
  })

  it('does not keep anybody who says stop: five seconds more', async () => {
    const stopping = new AbortController()
    const aws = await answering(half, stopping.signal)
    fake()
    const calls = [aws.ec2('DescribeVpcs', {}), aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' })]
    const both = Promise.all(calls.map(failure))
    while (asked < 2) await new Promise((done) => setImmediate(done))
    stopping.abort()
    const { ms, value } = await over(both, 10_000)
    for (const error of value as Error[]) expect(error).toBeInstanceOf(Interrupted)
    expect(ms).toBeLessThanOrEqual(6000)
    expect(asked).toBe(2)
  })

  it('silence before the headers: three attempts', async () => {
    const aws = await answering(() => {})
    fake()
    const { ms, value } = await over(aws.sts('GetCallerIdentity', {}), 120_000)
    expect(value).toMatchObject({ name: 'NoAnswer', message: expect.stringContaining('no answer in 90 s') })
    expect(ms).toBeLessThan(100_000)
    expect(asked).toBe(3)
  })
})

describe('an object of S3', () => {
  const bytes = 300_000
  const object =
    (begin: string): Answer =>
    (answer) => {
      answer.writeHead(200, { ...ID, etag: '"1"', 'content-length': String(bytes) })
      answer.write(begin)
    }
  const read = async (aws: Aws): Promise<string> =>
    (await aws.s3('GetObject', { Bucket: 'team', Key: 'k' })).Body?.transformToString('utf8') ?? ''

  it('on which nothing comes any more ends with an error', async () => {
    const aws = await answering(object('x'.repeat(1000)))
    fake()
    const { ms, value } = await over(read(aws), 70_000)
    expect((value as Error).message).toMatch(/stopped in the middle/)
    expect(ms).toBeLessThan(65_000)
    expect(asked).toBe(1)
  })

  it('that comes slowly but steadily, or that is read slowly, is whole', async () => {
    const aws = await answering((answer, nth) => {
      object('')(answer, nth)
      let sent = 0
      const more = setInterval(() => {
        sent += 3000
        if (sent < bytes) answer.write('x'.repeat(3000))
        else {
          clearInterval(more)
          answer.end('x'.repeat(3000))
        }
      }, 1000)
    })
    fake()
    const { value } = await over(read(aws), 200_000)
    expect(value).toHaveLength(bytes)
    vi.useRealTimers()
    const at_once = await answering(whole('x'.repeat(bytes), { ...ID, etag: '"1"' }))
    fake()
    const { Body } = await at_once.s3('GetObject', { Bucket: 'team', Key: 'k' })
    const stream = Body as Readable
    let got = 0
    stream.on('data', (part: Buffer) => {
      got += part.length
      stream.pause()
      setTimeout(() => stream.resume(), 90_000)
    })
    const ended = new Promise<void>((done, fail) => stream.on('end', done).on('error', fail))
    await over(
      ended.then(() => true),
      3_600_000,
    )
    expect(got).toBe(bytes)
  })

  it('a page of someone else in its place is no object', async () => {
    const aws = await answering(whole(HTML, { 'content-type': 'text/html' }))
    expect(await failure(read(aws))).toBeInstanceOf(NotAws)
  })
})

describe('a success that AWS did not send', () => {
  const json = JSON.stringify({ hello: 'world' })
  it.each([
    ['a page in place of a list of EC2', 'ec2', 'DescribeVpcs', whole(HTML, { 'content-type': 'text/html' })],
    ['nothing in place of a list of EC2', 'ec2', 'DescribeVpcs', whole('', {})],
    ['nothing, with the headers of AWS', 'ec2', 'DescribeVpcs', whole('')],
    ['other XML', 'rds', 'DescribeDBInstances', whole('<a><b/></a>', {})],
    ['nothing in place of a secret', 'secretsManager', 'DescribeSecret', whole('')],
    ['JSON of someone else in place of a secret', 'secretsManager', 'DescribeSecret', whole(json, {})],
    ['a page in place of a cluster', 'ecs', 'DescribeClusters', whole(HTML, {})],
  ] as const)('%s', async (_, service, operation, reply) => {
    const aws = await answering(reply)
    const call = (aws[service] as unknown as (o: string, i: object) => Promise<unknown>)(operation, { SecretId: 'x' })
    const error = await failure(call)
    expect(error).toBeInstanceOf(NotAws)
    expect(classify(error)).toBe('unknown-outcome')
    // A read is sent again, since the next answer may be one.
    expect(asked).toBe(8)
  })

  it('to a create may hide a create', async () => {
    for (const reply of [whole(HTML, {}), whole('')]) {
      const aws = await answering(reply)
      expect(await failure(aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' }))).toBeInstanceOf(UnknownOutcome)
      expect(asked).toBe(1)
      stop()
    }
  })

  it('an operation that has no output is answered with nothing', async () => {
    const aws = await answering(whole(''))
    await aws.logs('PutRetentionPolicy', { logGroupName: 'x', retentionInDays: 7 })
    await aws.s3('DeleteObject', { Bucket: 'team', Key: 'k' })
    expect(asked).toBe(2)
  })

  it('a refusal by a proxy is not asked again, and is not taken for one by AWS', async () => {
    for (const reply of [whole(HTML, {}, 403), whole('', {}, 407), whole('', { location: 'http://portal.test/' }, 302)]) {
      const aws = await answering(reply)
      const error = await failure(aws.ec2('DescribeVpcs', {}))
      expect(error).toBeInstanceOf(NotAws)
      expect(asked).toBe(1)
      stop()
    }
  })

  it('an answer without end is cut off before it fills the memory', async () => {
    const aws = await answering((answer) => {
      answer.writeHead(200, ID)
      const part = Buffer.alloc(1024 ** 2, 'x')
      const more = (): void => {
        while (!answer.destroyed && answer.write(part));
        if (!answer.destroyed) answer.once('drain', more)
      }
      more()
    })
    const error = await failure(aws.ec2('DescribeVpcs', {}))
    expect(error.message).toContain(`larger than ${LARGEST_ANSWER / 1024 ** 2} MB`)
    expect(asked).toBe(1)
  })
})

describe('operations that AWS answers without a body', () => {
  it('are those that the models give no output', async () => {
    const seen: Record<string, string[]> = {}
    for (const service of ['ec2', 'logs', 'secretsmanager', 'ecs', 's3'] as const) {
      const module: Record<string, unknown> = await import(`../../src/aws/services/${service}.ts`)
      for (const [name, Command] of Object.entries(module)) {
        if (!name.endsWith('Command')) continue
        const { schema } = new (Command as new (input: object) => { schema: unknown[] })({})
        if (!outputOf({ __smithy_context: { operationSchema: schema } }).bodyExpected) {
          seen[service] ??= []
          seen[service].push(name.replace('Command', ''))
        }
      }
    }
    expect(seen.logs).toEqual(['CreateLogGroup', 'DeleteLogGroup', 'PutRetentionPolicy', 'TagResource'])
    expect(seen.secretsmanager).toEqual(['TagResource'])
    expect(seen.ecs).toEqual(['TagResource'])
    expect(seen.ec2).not.toContain('CreateVpc')
    expect(seen.ec2).not.toContain('DescribeVpcs')
  })
})

describe('a list of EC2 that comes in parts', () => {
  it('is read to its end', async () => {
    const page = (id: string, next: string): string =>
      `<DescribeVpcsResponse><requestId>1</requestId><vpcSet><item><vpcId>${id}</vpcId></item></vpcSet>${next}</DescribeVpcsResponse>`
    const aws = await answering((answer, nth) =>
      whole(nth < 3 ? page(`vpc-${nth}`, `<nextToken>t${nth}</nextToken>`) : page(`vpc-${nth}`, ''))(answer, nth),
    )
    const { Vpcs, NextToken } = await aws.ec2('DescribeVpcs', {})
    expect(Vpcs?.map((v) => v.VpcId)).toEqual(['vpc-1', 'vpc-2', 'vpc-3'])
    expect(NextToken).toBeUndefined()
    expect(asked).toBe(3)
  })
})
