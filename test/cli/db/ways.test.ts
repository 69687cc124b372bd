import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { KEYS, terminal } from '../support/terminal.ts'
import { CONFIG, PROGRAMS, recorded, type Stack, sleeping, startStack, withEnv } from './stack.ts'

const url = inject('motoUrl')
const PLUGIN = fileURLToPath(new URL('../../database/ways/plugin.cjs', import.meta.url))
const TARGET = 'i-0123456789abcdef0'

/** Systems Manager, as far as a tunnel asks it; moto has no sessions. */
const startSsm = async (): Promise<{ server: Server; url: string; ended: string[] }> => {
  const ended: string[] = []
  let sessions = 0
  const server = createServer((question, answer) => {
    let body = ''
    question.on('data', (d) => {
      body += d
    })
    question.on('end', () => {
      const operation = String(question.headers['x-amz-target']).split('.')[1]
      const input = JSON.parse(body || '{}')
      if (operation === 'TerminateSession') ended.push(input.SessionId)
      const said =
        operation === 'DescribeInstanceInformation'
          ? { InstanceInformationList: [{ InstanceId: TARGET, PingStatus: 'Online' }] }
          : operation === 'StartSession'
            ? { SessionId: `s-${++sessions}`, TokenValue: 'token', StreamUrl: 'wss://127.0.0.1/' }
            : {}
      answer.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': '1' }).end(JSON.stringify(said))
    })
  })
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
  return { server, ended, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe.skipIf(!url)('through Systems Manager', () => {
  let x: Stack
  let ssm: Awaited<ReturnType<typeof startSsm>>
  beforeAll(async () => {
    ssm = await startSsm()
    x = await startStack(CONFIG.replace('via: direct', `via: ssm\n  target: ${TARGET}`), async (p) => {
      const folder = join(p.dir, 'plugin')
      await mkdir(folder)
      await writeFile(join(folder, 'session-manager-plugin'), `#!/bin/sh\nexec '${process.execPath}' '${PLUGIN}' "$@"\n`)
      await chmod(join(folder, 'session-manager-plugin'), 0o755)
      Object.assign(p.env, { AWS_ENDPOINT_URL_SSM: ssm.url, PATH: `${folder}:${p.env.PATH}` })
    })
  })
  afterAll(async () => {
    await x?.stop()
    ssm?.server.close()
  })
  const answers = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })

  it('tunnel: the way stands as long as the command, with the line that goes it; Ctrl-C closes it, in AWS too', async () => {
    ssm.ended.length = 0
    // Below those that the system gives to anybody.
    const port = 10_000 + (process.pid % 20_000)
    const running = x.p.start('db', 'tunnel', '--port', String(port))
    await running.printed('in another terminal, or the line above')
    const { password = '' } = await x.secret()
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'shop_app', password, database: 'shop' })
    await client.connect()
    expect((await client.query('SELECT current_database() AS d')).rows).toEqual([{ d: 'shop' }])
    await client.end()
    running.kill('SIGINT')
    const r = await running.done
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain(`✓ 127.0.0.1:${port} leads to shop-dev-db through ${TARGET}. It stays open until Ctrl-C.`)
    expect(r.stdout).toMatch(
      new RegExp(`psql "host=127\\.0\\.0\\.1 hostaddr=127\\.0\\.0\\.1 port=${port} user=shop_app dbname=shop"`),
    )
    expect(r.stdout).toContain(`postgresql://shop_app@127.0.0.1:${port}/shop`)
    expect(r.stderr).toMatch(/The tunnel is closed\.\n$/)
    expect(r.all).not.toContain(password)
    expect(await answers(port)).toBe(false)
    expect(ssm.ended).toHaveLength(1)
  })

  it('tunnel: a port that is taken, and a session that breaks off, are said', async () => {
    const taken = await x.p.run('db', 'tunnel', '--port', new URL(x.url).port)
    expect(taken.code, taken.all).toBe(2)
    expect(taken.stderr).toContain('of this machine is in use')
    const broken = await withEnv(x.p, { STAND_IN_MODE: 'dies' }, () => x.p.run('db', 'tunnel', '--json'))
    expect(broken.code, broken.all).toBe(1)
    expect(broken.stderr).toContain(`The tunnel through ${TARGET} has ended`)
    const lines = broken.stdout.trimEnd().split('\n')
    expect(JSON.parse(lines.pop() ?? '')).toMatchObject({ type: 'error', code: 'failed', exitCode: 1 })
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ via: 'ssm', host: '127.0.0.1', database: 'shop', user: 'shop_app' })
  })

  it.skipIf(!PROGRAMS)('psql and pg_dump go through it, told where the server is and what its name is', async () => {
    const { path, calls } = await recorded(x.p, 'psql', 'pg_dump')
    const both = await withEnv(x.p, { PATH: `${path}:${x.p.env.PATH}` }, async () => [
      await x.piped('select 6 * 7 as six', 'db', 'connect', 'crm'),
      await x.p.run('db', 'backup', 'shop', '--to', 'through.dump'),
    ])
    for (const r of both) expect(r.code, r.all).toBe(0)
    expect(both[0]?.stdout).toContain(' 42')
    for (const { env } of (await calls()).filter((c) => c.args[0] !== '--version'))
      expect(env).toMatchObject({ PGHOST: '127.0.0.1', PGHOSTADDR: '127.0.0.1', PGPORT: expect.not.stringMatching(/^5432$/) })
    expect((await readFile(join(x.p.dir, 'through.dump'), 'latin1')).slice(0, 5)).toBe('PGDMP')
  })

  it.skipIf(!PROGRAMS)('Ctrl-C in psql cancels a statement and leaves the tunnel alone', async () => {
    const t = terminal(x.p, ['db', 'connect', 'shop'])
    await t.answer('shop=>', 'select pg_sleep(60);\r')
    await sleeping(x)
    t.press(KEYS.ctrlC)
    await t.sees('canceling statement due to user request')
    await t.answer(/shop=>$/, 'select 6 * 7 as six;\r')
    await t.sees(/ six [\s\S]* 42/)
    t.press('\\q\r')
    expect(await t.done, t.screen()).toBe(0)
  })

  it('--via direct and task go where they say', async () => {
    expect((await x.p.run('db', 'tunnel', '--via', 'direct')).stdout).toContain('No tunnel is needed')
    expect((await x.p.run('db', 'list', '--via', 'direct')).stdout).toContain('looked at: direct')
  })
})
