import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { CreateSecretCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { skipped } from '../support/skipped.ts'
import { clients, given } from './support.ts'

const chromium = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
const missing = chromium ? undefined : 'there is no chromium on the PATH (Debian: apt-get install chromium)'

/** What a page tries with each address: read it, change it, read it as a script of its own, with and without asking before. */
const ATTACKS = `async (target) => {
  const read = async (answer) => answer.type === 'opaque' ? 'sent' : 'read ' + answer.status
  const tries = {
    page: () => fetch(target + '/infra-sandbox').then(read),
    reset: () => fetch(target + '/moto-api/reset', { method: 'POST', mode: 'no-cors' }).then(read),
    secrets: () => fetch(target + '/', {
      method: 'POST', body: '{}',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=x/20250101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=x',
        'x-amz-target': 'secretsmanager.ListSecrets', 'content-type': 'application/x-amz-json-1.1' },
    }).then(read),
    rebound: () => new Promise((done) => {
      const script = document.createElement('script')
      script.src = target.replace('127.0.0.1', 'rebound.example') + '/infra-sandbox'
      script.onload = () => done('loaded')
      script.onerror = () => done('refused')
      document.head.append(script)
    }),
  }
  const seen = {}
  for (const [name, run] of Object.entries(tries)) seen[name] = await run().catch(() => 'refused')
  return seen
}`

describe.skipIf(missing || !inject('motoUrl'))(skipped('the sandbox, asked by a web page in a browser', missing), () => {
  const url = inject('motoUrl') ?? ''
  const servers: Server[] = []
  let browser: ChildProcess | undefined
  let profile: string | undefined
  afterEach(async () => {
    if (browser && browser.exitCode === null) {
      browser.kill('SIGKILL')
      await once(browser, 'exit')
    }
    for (const server of servers.splice(0)) server.close().closeAllConnections()
    if (profile) await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  const serve = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    const address = server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  }

  it('gives it nothing, does nothing for it, and a server that is not closed would', { timeout: 60_000 }, async () => {
    const aws = await clients(url)
    await aws.secrets.send(new CreateSecretCommand({ Name: 'keep-me', SecretString: 'x' }))
    const heard: string[] = []
    const open = await serve((question, answer) => {
      heard.push(`${question.method} ${question.url}`)
      answer
        .writeHead(200, {
          'access-control-allow-origin': '*',
          'access-control-allow-headers': '*',
          'content-type': 'text/javascript',
        })
        .end('0')
    })
    let tell: (seen: unknown) => void = () => {}
    const report = new Promise<unknown>((resolve) => {
      tell = resolve
    })
    const page = await serve((question, answer) => {
      if (question.method !== 'POST') {
        const script = `const attack = ${ATTACKS}; attack('${open}').then(async (open) => fetch('/report', { method: 'POST', body: JSON.stringify({ open, sandbox: await attack('${url}') }) }))`
        answer.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><script>${script}</script>`)
        return
      }
      let text = ''
      question.on('data', (part) => (text += part)).on('end', () => tell(JSON.parse(text)))
      answer.end()
    })
    profile = await mkdtemp(join(tmpdir(), 'infra-browser-'))
    const rules = '--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'
    const quiet = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-dev-shm-usage',
      '--remote-debugging-port=0',
    ]
    browser = spawn(given(chromium), [...quiet, `--user-data-dir=${profile}`, rules, page.replace('127.0.0.1', 'page.example')], {
      stdio: 'ignore',
    })
    expect(await report).toEqual({
      open: { page: 'read 200', reset: 'sent', secrets: 'read 200', rebound: 'loaded' },
      sandbox: { page: 'refused', reset: 'sent', secrets: 'refused', rebound: 'refused' },
    })
    expect(heard).toContain('POST /moto-api/reset')
    // It was sent, as browsers do, and had no effect.
    expect((await aws.secrets.send(new ListSecretsCommand({}))).SecretList?.map((s) => s.Name)).toEqual(['keep-me'])
  })
})
