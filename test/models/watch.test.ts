import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { judged, judgeOf } from '../support/models/children.ts'
import { hereBook } from '../support/models/here.ts'
import { MARK } from '../support/models/request.ts'
import { failOnRefused, unread } from '../support/models/unread.ts'
import { senderHere, watch } from '../support/models/watch.ts'
import { startProxy } from '../support/proxy.ts'

const { root, preload } = inject('models')
const own = hereBook()
const dir = mkdtempSync(join(tmpdir(), 'infra-watch-'))
let book: string
let n = 0
const marks: (string | undefined)[] = []
const server = createServer((request, response) => {
  marks.push(request.headers[MARK] as string | undefined)
  request.resume().on('end', () => response.end('{}'))
})
let url: string

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  watch(root, own)
  server.close()
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => {
  book = join(dir, `${++n}.txt`)
  marks.length = 0
  // What this file provokes is not the suite's.
  watch(root, book)
})

/** As text, to be run by a process or by `send`. */
const REQUEST = `
const { request } = require('node:http')
const authorization = 'AWS4-HMAC-SHA256 Credential=A/20261130/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0'
const headers = { authorization, 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks' }
const asked = request(process.env.TO, { method: 'POST', headers }, (answer) => answer.resume())
asked.write('{"desired')
asked.end('Status":"' + process.env.STATUS + '"}')
`
const SAID = 'ecs.ListTasks: desiredStatus "UP" is none of RUNNING, PENDING, STOPPED'
const lines = (of: string): string[] => (existsSync(of) ? readFileSync(of, 'utf8').split('\n').filter(Boolean) : [])
const child = async (env: NodeJS.ProcessEnv): Promise<void> => {
  await once(spawn(process.execPath, ['-e', REQUEST], { env, stdio: 'inherit' }), 'close')
}

describe('a process that a test starts', () => {
  it('checks what it sends, even with an environment of its own, in which a test gave it nothing', async () => {
    const before = lines(own)
    await child({ TO: url, STATUS: 'RUNNING', PATH: process.env.PATH ?? '' })
    expect(marks).toEqual(['1'])
    // It writes in the book of this worker.
    expect(lines(own).slice(before.length)).toEqual(['ecs.ListTasks'])
  })

  it('bears the name of that test', () => {
    const name = 'test/models/watch.test.ts > a process that a test starts > bears the name of that test'
    expect(judged({}, preload, root, book).INFRA_TEST_MODELS?.split('\n')[3]).toBe(name)
  })

  it('notes what AWS would refuse', async () => {
    await child({ TO: url, STATUS: 'UP', INFRA_TEST_MODELS: [root, book, judgeOf(preload), 'one'].join('\n') })
    expect(unread(book)).toEqual([`${SAID} (sent by one)`])
  })

  it('keeps the options for Node that it was given', () => {
    const env = judged({ NODE_OPTIONS: '--no-warnings' }, '/a b/preload.cjs', root, book)
    expect(env.NODE_OPTIONS).toBe('--no-warnings --require="/a b/preload.cjs"')
  })
})

it('a request through a proxy is checked by it where nobody did, and once only', async () => {
  const proxy = await startProxy(url)
  try {
    const sender = join(dir, 'sender.txt')
    await child({ TO: proxy.url, STATUS: 'UP', INFRA_TEST_MODELS: [root, sender, judgeOf(preload)].join('\n') })
    expect([lines(sender), lines(book)]).toEqual([['ecs.ListTasks', `!\t${SAID}`], []])
    await fetch(proxy.url, {
      method: 'POST',
      body: '{"cluster":1}',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=A/20261130/us-east-1/ecs/aws4_request',
        'x-amz-target': 'X.ListTasks',
      },
    })
    expect(lines(book)).toEqual(['ecs.ListTasks', `!${senderHere()}\tecs.ListTasks: cluster is number 1, not text`])
  } finally {
    await proxy.close()
  }
})

it('fails the test, each refusal once', () => {
  appendFileSync(book, 'ec2.CreateVpc\n!me\tec2.CreateVpc: x is unknown\n!me\tec2.CreateVpc: x is unknown\n')
  expect(() => failOnRefused(book, 'me')).toThrow(/^AWS would refuse this request:\nec2.CreateVpc: x is unknown$/)
  expect(() => failOnRefused(book)).not.toThrow()
  appendFileSync(book, 'ec2.CreateVpc\n!me\ta\n!before\tb\n')
  expect(() => failOnRefused(book, 'me')).toThrow('AWS would refuse these requests:\na\nb (sent by before)')
  expect(() => failOnRefused(join(dir, 'none'))).not.toThrow()
  expect(preload).toMatch(/\.cjs$/)
})
