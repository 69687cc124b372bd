import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/aws/sql.ts'
import { openSql } from '../../../src/sql/open.ts'
import { GUARD, installLines } from '../../../src/sql/plugin.ts'
import { openTunnel, ssmWay, type Tunnel, type TunnelOptions } from '../../../src/sql/ssm.ts'
import { failure, newest, placeOn } from '../support.ts'
import { isAlive, type PluginFolder, pluginFolder, Sessions } from './sessions.ts'

let sessions: Sessions
let plugin: PluginFolder
let said: string[]
let open: Tunnel[]
let echo: { port: number; close(): void }

beforeEach(async () => {
  sessions = new Sessions()
  sessions.instances = [{ id: 'i-00000000000000001', ping: 'Online' }]
  plugin = await pluginFolder()
  said = []
  open = []
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  echo = { port: typeof address === 'object' && address ? address.port : 0, close: () => server.close() }
})
afterEach(async () => {
  await Promise.all(open.map((t) => t.close()))
  for (const { pid } of await plugin.started()) await until(() => !isAlive(pid))
  echo.close()
  await plugin.remove()
})

const until = async (true1: () => boolean): Promise<void> => {
  for (let n = 0; !true1(); n++) {
    if (n > 500) throw new Error('it did not come about')
    await wait(10)
  }
}
const options = (more: Partial<TunnelOptions> = {}): TunnelOptions => ({
  aws: sessions.aws,
  region: 'us-east-1',
  vpcId: 'vpc-1',
  env: plugin.env,
  report: (line) => said.push(line),
  ...more,
})
const tunnel = async (more: Partial<TunnelOptions> = {}, env: NodeJS.ProcessEnv = {}): Promise<Tunnel> => {
  const made = await openTunnel({ host: '127.0.0.1', port: echo.port }, options({ env: { ...plugin.env, ...env }, ...more }))
  open.push(made)
  return made
}
const echoed = async (port: number): Promise<string> => {
  const { connect } = await import('node:net')
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('hello'))
    socket.once('data', (d) => {
      resolve(d.toString())
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(''))
  })
}

describe('a tunnel', () => {
  it('leads through an instance to the server, and is closed in AWS and here', async () => {
    const made = await tunnel({ profile: 'shop' })
    expect(made).toMatchObject({ host: '127.0.0.1', target: 'i-00000000000000001' })
    expect(await echoed(made.port)).toBe('hello')
    expect(sessions.did('StartSession')).toEqual([
      {
        Target: 'i-00000000000000001',
        DocumentName: 'AWS-StartPortForwardingSessionToRemoteHost',
        Parameters: { host: ['127.0.0.1'], portNumber: [String(echo.port)], localPortNumber: [String(made.port)] },
        Reason: 'infra: database',
      },
    ])
    const [started] = await plugin.started()
    expect(started).toMatchObject({
      region: 'us-east-1',
      operation: 'StartSession',
      profile: 'shop',
      endpoint: 'https://ssm.us-east-1.amazonaws.com',
      Target: 'i-00000000000000001',
      token: 'token-of-1-AAEAAd',
      SessionId: 'me-1',
    })
    await made.close()
    await made.close()
    expect(await made.ended).toBeUndefined()
    expect(sessions.did('TerminateSession')).toEqual([{ SessionId: 'me-1' }])
    // As by Ctrl-C: then it says goodbye itself, also where AWS cannot be told from here any more.
    expect(await plugin.interrupted()).toBe(true)
    expect(isAlive(started?.pid ?? 0)).toBe(false)
    expect(said).toEqual([])
  })

  it.each([
    ['1.2.764.0', true, undefined],
    ['1.2.498.0', true, 'AWS will soon want'],
    ['1.3.0.0', true, undefined],
    ['1.2.497.0', false, 'takes the token of the session on its command line'],
    ['1.2.54', false, 'takes the token of the session on its command line'],
  ])('with the plugin %s hides the token: %s', async (version, hidden, warning) => {
    const made = await tunnel({}, { STAND_IN_VERSION: version })
    const [started] = await plugin.started()
    const shown = execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(started?.pid)], { encoding: 'utf8' })
    expect(shown.includes('token-of-1')).toBe(!hidden)
    expect(started?.args[0]).toBe(
      hidden
        ? 'AWS_SSM_START_SESSION_RESPONSE'
        : JSON.stringify({
            SessionId: 'me-1',
            TokenValue: 'token-of-1-AAEAAd',
            StreamUrl: 'wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/me-1',
          }),
    )
    expect(said).toEqual(warning ? [expect.stringContaining(warning)] : [])
    await made.close()
  })

  it('needs the plugin, and says so before a session is started', async () => {
    const error = await failure(tunnel({ env: { PATH: '/nowhere' } }))
    expect(error).toMatchObject({ what: 'The session-manager-plugin is not on this machine', exitCode: 2 })
    for (const line of installLines()) expect(error.next).toContain(line)
    expect(installLines('x64').join('\n')).toMatch(
      /ubuntu_64bit\/session-manager-plugin\.deb[\s\S]*linux_64bit\/[\s\S]*brew install --cask session-manager-plugin[\s\S]*docs\.aws/,
    )
    expect(installLines('arm64').join('\n')).toMatch(/ubuntu_arm64[\s\S]*linux_arm64/)
    expect((await failure(tunnel({}, { STAND_IN_MODE: 'ill' }))).what).toBe('session-manager-plugin does not run')
    expect(sessions.calls).toEqual([])
  })

  it('is not in the reach of Ctrl-C', async () => {
    await tunnel()
    const [started] = await plugin.started()
    const group = (pid: number): string => execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    expect(group(started?.pid ?? 0)).not.toBe(group(process.pid))
  })

  it('ends with the process that opened it, however that ends', async () => {
    const request = {
      Target: 'i-1',
      Parameters: { host: ['127.0.0.1'], portNumber: [String(echo.port)], localPortNumber: ['0'] },
    }
    for (const [n, mode] of ['', 'stubborn'].entries()) {
      const response = JSON.stringify({ SessionId: 'me-9', TokenValue: 't', StreamUrl: 'wss://x' })
      const args = [
        '-c',
        GUARD,
        'guard',
        'session-manager-plugin',
        response,
        'us-east-1',
        'StartSession',
        '',
        JSON.stringify(request),
        'x',
      ]
      const script = `require('node:child_process').spawn('/bin/sh', ${JSON.stringify(args)}, { stdio: 'pipe', detached: true })`
      const owner = spawn(process.execPath, ['-e', script], { env: { ...plugin.env, STAND_IN_MODE: mode }, stdio: 'ignore' })
      let pid = 0
      try {
        for (let tries = 0; pid === 0 && tries < 500; tries++) {
          await wait(10)
          pid = (await plugin.started())[n]?.pid ?? 0
        }
        await wait(100)
        expect(isAlive(pid)).toBe(true)
      } finally {
        owner.kill('SIGKILL')
      }
      await until(() => !isAlive(pid))
    }
  })

  it('takes down a plugin that does not listen', async () => {
    const made = await tunnel({}, { STAND_IN_MODE: 'stubborn' })
    const [started] = await plugin.started()
    await made.close()
    expect(isAlive(started?.pid ?? 0)).toBe(false)
  })

  it('knows that it stands from the port alone, if the plugin finds other words', async () => {
    const made = await tunnel({ patience: 3000 }, { STAND_IN_MODE: 'mute' })
    expect(await echoed(made.port)).toBe('hello')
  })

  it.each([
    ['broken', 'has ended', 'websocket: bad handshake (...)'],
    ['silent', 'does not open', 'Starting session with SessionId: me-1'],
  ])('that does not come about (%s) says why, and leaves no session', async (mode, what, why) => {
    const error = await failure(tunnel({ patience: 1000 }, { STAND_IN_MODE: mode }))
    expect(error.what).toContain(what)
    expect(error.why).toContain(why)
    expect(error.why).not.toContain('token-of')
    expect(sessions.did('TerminateSession').length).toBe(1)
  })

  it('tells when it has ended by itself, with the last words', async () => {
    const made = await tunnel({}, { STAND_IN_MODE: 'dies' })
    expect(await made.ended).toMatchObject({
      what: 'The tunnel through i-00000000000000001 has ended',
      why: expect.stringContaining('timed out'),
    })
  })

  it('says so when the instance does not get to the server', async () => {
    echo.close()
    const made = await tunnel()
    expect(await echoed(made.port)).toBe('')
    await until(() => said.length > 0)
    expect(said[0]).toBe(
      `i-00000000000000001 cannot reach 127.0.0.1:${echo.port}: the security group of the database must let it in`,
    )
  })

  it('takes another port when its own is snatched away, but not another than the one that is asked for', async () => {
    const made = await tunnel({}, { STAND_IN_MODE: 'taken-once' })
    expect(await echoed(made.port)).toBe('hello')
    expect([sessions.did('StartSession').length, sessions.did('TerminateSession').length]).toEqual([2, 1])
    const error = await failure(tunnel({ localPort: echo.port }))
    expect(error).toMatchObject({ what: `The port ${echo.port} of this machine is in use`, exitCode: 2 })
    await made.close()
    expect((await tunnel({ localPort: made.port })).port).toBe(made.port)
  })

  it('stops opening when the run is interrupted', async () => {
    const stop = new AbortController()
    const work = failure(tunnel({ signal: stop.signal }, { STAND_IN_MODE: 'silent' }))
    while ((await plugin.started()).length === 0) await wait(10)
    stop.abort()
    expect(await work).toMatchObject({ exitCode: 130 })
    expect(sessions.did('TerminateSession').length).toBe(1)
    expect(await failure(tunnel({ signal: stop.signal }))).toMatchObject({ exitCode: 130 })
    expect(sessions.did('StartSession').length).toBe(1)
  })

  it('stays while the run is interrupted: its last statements go through', async () => {
    const stop = new AbortController()
    const made = await tunnel({ signal: stop.signal })
    stop.abort()
    expect(await echoed(made.port)).toBe('hello')
  })

  it('closes here even when AWS cannot be told', async () => {
    const made = await tunnel()
    sessions.refuse = { TerminateSession: new Error('no network') }
    await made.close()
    expect(said).toEqual([expect.stringContaining('The session me-1 could not be ended (no network)')])
    const again = await tunnel()
    sessions.refuse = { TerminateSession: Object.assign(new Error('gone'), { name: 'DoesNotExistException' }) }
    await again.close()
    expect(said.length).toBe(1)
  })

  it('explains a target that takes no session', async () => {
    sessions.refuse = { StartSession: Object.assign(new Error('i-1 is not connected.'), { name: 'TargetNotConnected' }) }
    expect(await failure(tunnel())).toMatchObject({
      what: 'i-00000000000000001 takes no session now',
      why: expect.stringContaining('i-1 is not connected.'),
    })
  })
})

describe('what a tunnel goes through', () => {
  const target = async (more: Partial<TunnelOptions>): Promise<string> => {
    const made = await tunnel(more)
    await made.close()
    return made.target
  }
  const [A, B, C] = ['i-0000000000000000a', 'i-0000000000000000b', 'i-0000000000000000c']
  const T1 = '1'.repeat(32)
  const T2 = '2'.repeat(32)

  it("is an instance of the network that answers, the stack's own first", async () => {
    sessions.instances = [
      { id: A, ping: 'Online', vpc: 'vpc-2', ours: true },
      { id: 'i-stopped', ping: 'Online', state: 'stopped', ours: true },
      { id: 'i-silent', ping: 'ConnectionLost', ours: true },
      { id: 'i-unknown', ours: true },
      { id: B, ping: 'Online' },
      { id: C, ping: 'Online', ours: true },
    ]
    expect(await target({})).toBe(C)
    sessions.instances = sessions.instances.filter((i) => i.id !== C)
    expect(await target({})).toBe(B)
  })

  it('is missing for one of three reasons, and there are three ways out', async () => {
    sessions.instances = [{ id: A, ping: 'ConnectionLost' }, { id: B }]
    const error = await failure(tunnel())
    for (const part of [A, B, 'public address', 'AmazonSSMManagedInstanceCore', 'agent']) expect(error.why).toContain(part)
    for (const part of ['infra create bastion', 'databases.target', 'task']) expect(error.next).toContain(part)
    sessions.instances = []
    expect((await failure(tunnel())).why).toBe('no instance runs in vpc-1')
    expect((await failure(tunnel({ vpcId: undefined }))).why).toBe('the network of the database is not known')
    expect(sessions.did('StartSession')).toEqual([])
  })

  it('can be named, and is looked at first', async () => {
    sessions.instances = [
      { id: A, ping: 'Online', vpc: 'vpc-9' },
      { id: B, ping: 'ConnectionLost' },
    ]
    expect(await target({ target: A })).toBe(A)
    expect((await failure(tunnel({ target: B }))).why).toContain('silent now')
    expect((await failure(tunnel({ target: C }))).why).toContain('AmazonSSMManagedInstanceCore')
  })

  it('can be a task of ECS that takes sessions', async () => {
    sessions.tasks = [
      { id: '0'.repeat(32), exec: false },
      { id: T1, agent: 'PENDING', service: 'web' },
      { id: T2, service: 'web', runtimeId: `${T2}-0265927825` },
    ]
    expect(await target({ target: 'ecs:my_shop' })).toBe(`ecs:my_shop_${T2}_${T2}-0265927825`)
    expect(await target({ target: 'ecs:my_shop/web' })).toBe(`ecs:my_shop_${T2}_${T2}-0265927825`)
    expect(sessions.did('ListTasks').at(-1)).toMatchObject({ cluster: 'my_shop', serviceName: 'web', desiredStatus: 'RUNNING' })
    expect(await target({ target: `ecs:x_${T1}_${T1}-1` })).toBe(`ecs:x_${T1}_${T1}-1`)
  })

  it('says why no task takes one', async () => {
    expect(await failure(tunnel({ target: 'ecs:shop/web' }))).toMatchObject({
      what: 'No task of the service web of the cluster shop takes a session',
      why: 'none runs',
    })
    sessions.tasks = [{ id: T1, exec: false }]
    expect((await failure(tunnel({ target: 'ecs:shop' }))).why).toContain('enableExecuteCommand')
    sessions.tasks = [{ id: T1, agent: 'STOPPED' }]
    expect((await failure(tunnel({ target: 'ecs:shop' }))).why).toContain('ssmmessages')
  })
})

describe('the way in', () => {
  it('takes drivers to a real server, encrypted and checked against its own name', async () => {
    const place = await placeOn({ bin: newest.bin, tls: 'required' })
    try {
      const server: Server = { ...place.server, host: 'localhost' }
      const at = place.secrets.give('app', 'correct-horse')
      const sql = openSql({ aws: place.secrets.aws, way: ssmWay(options()), caFile: place.pg.caFile })
      await sql.send('CreateRole', { server, name: 'app', password: at })
      await sql.send('CreateDatabase', { server, name: 'app', owner: 'app', encoding: 'UTF8', collation: '' })
      expect(await sql.send('Login', { server, role: 'app', password: at, database: 'app' })).toBe('ok')
      expect(await sql.send('Look', { server })).toMatchObject({ is: 'open', via: 'ssm' })
      expect(sessions.did('StartSession').length).toBe(1)
      await sql.close()
      expect(sessions.did('TerminateSession').length).toBe(1)
      // The same server under a name that its certificate does not have.
      const env = { ...plugin.env, STAND_IN_HOST: '127.0.0.1' }
      const other = openSql({ aws: place.secrets.aws, way: ssmWay(options({ env })), caFile: place.pg.caFile })
      expect((await failure(other.send('Look', { server: { ...server, host: 'shop-db.example' } }))).name).toBe('TlsRefused')
      await other.close()
    } finally {
      await place.close()
    }
  })

  it('opens one tunnel for each server, and a new one when that has ended', async () => {
    const way = ssmWay(options({ env: { ...plugin.env, STAND_IN_MODE: 'dies' } }))
    const server: Server = { id: 'x', engine: 'postgres', host: '127.0.0.1', port: echo.port, secret: 's' }
    const [a, b] = await Promise.all([way.address?.(server), way.address?.(server)])
    expect(a).toBe(b)
    await until(() => said.length > 0)
    expect(said).toEqual([expect.stringContaining('has ended')])
    const c = await way.address?.(server)
    expect(c).not.toBe(a)
    await way.close()
    expect((await plugin.started()).length).toBe(2)
  })

  it('asks again after a tunnel that did not open', async () => {
    sessions.instances = []
    const way = ssmWay(options())
    const server: Server = { id: 'x', engine: 'postgres', host: '127.0.0.1', port: echo.port, secret: 's' }
    await failure(Promise.resolve(way.address?.(server)))
    sessions.instances = [{ id: 'i-00000000000000001', ping: 'Online' }]
    expect(await way.address?.(server)).toMatchObject({ target: 'i-00000000000000001' })
    await way.close()
  })
})
