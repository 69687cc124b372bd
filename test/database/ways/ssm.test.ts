import { execFileSync, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GUARD, installLines } from '../../../src/database/plugin.ts'
import { failure } from '../support.ts'
import { isAlive } from './sessions.ts'
import { echoed, until, useTunnels } from './tunnels.ts'

const at = useTunnels()

describe('a tunnel', () => {
  it('leads through an instance to the server, and is closed in AWS and here', async () => {
    const made = await at.tunnel({ profile: 'shop' })
    expect(made).toMatchObject({ host: '127.0.0.1', target: 'i-00000000000000001' })
    expect(await echoed(made.port)).toBe('hello')
    expect(at.sessions.did('StartSession')).toEqual([
      {
        Target: 'i-00000000000000001',
        DocumentName: 'AWS-StartPortForwardingSessionToRemoteHost',
        Parameters: { host: ['127.0.0.1'], portNumber: [String(at.echo.port)], localPortNumber: [String(made.port)] },
        Reason: 'infra: database',
      },
    ])
    const [started] = await at.plugin.started()
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
    expect(at.sessions.did('TerminateSession')).toEqual([{ SessionId: 'me-1' }])
    // As by Ctrl-C: then it says goodbye itself, also where AWS cannot be told from here any more.
    expect(await at.plugin.interrupted()).toBe(true)
    expect(isAlive(started?.pid ?? 0)).toBe(false)
    expect(at.said).toEqual([])
  })

  it.each([
    ['1.2.764.0', true, undefined],
    ['1.2.498.0', true, 'AWS will soon want'],
    ['1.3.0.0', true, undefined],
    ['1.2.497.0', false, 'takes the token of the session on its command line'],
    ['1.2.54', false, 'takes the token of the session on its command line'],
  ])('with the plugin %s hides the token: %s', async (version, hidden, warning) => {
    const made = await at.tunnel({}, { STAND_IN_VERSION: version })
    const [started] = await at.plugin.started()
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
    expect(at.said).toEqual(warning ? [expect.stringContaining(warning)] : [])
    await made.close()
  })

  it('needs the plugin, and says so before a session is started', async () => {
    const error = await failure(at.tunnel({ env: { PATH: '/nowhere' } }))
    expect(error).toMatchObject({ what: 'The session-manager-plugin is not on this machine', exitCode: 2 })
    for (const line of installLines()) expect(error.next).toContain(line)
    expect(installLines('x64').join('\n')).toMatch(
      /ubuntu_64bit\/session-manager-plugin\.deb[\s\S]*linux_64bit\/[\s\S]*brew install --cask session-manager-plugin[\s\S]*docs\.aws/,
    )
    expect(installLines('arm64').join('\n')).toMatch(/ubuntu_arm64[\s\S]*linux_arm64/)
    expect((await failure(at.tunnel({}, { STAND_IN_MODE: 'ill' }))).what).toBe('session-manager-plugin does not run')
    expect(at.sessions.calls).toEqual([])
  })

  it('is not in the reach of Ctrl-C', async () => {
    await at.tunnel()
    const [started] = await at.plugin.started()
    const group = (pid: number): string => execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    expect(group(started?.pid ?? 0)).not.toBe(group(process.pid))
  })

  it('ends with the process that opened it, however that ends', async () => {
    const request = {
      Target: 'i-1',
      Parameters: { host: ['127.0.0.1'], portNumber: [String(at.echo.port)], localPortNumber: ['0'] },
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
      const owner = spawn(process.execPath, ['-e', script], { env: { ...at.plugin.env, STAND_IN_MODE: mode }, stdio: 'ignore' })
      let pid = 0
      try {
        for (let tries = 0; pid === 0 && tries < 500; tries++) {
          await wait(10)
          pid = (await at.plugin.started())[n]?.pid ?? 0
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
    const made = await at.tunnel({}, { STAND_IN_MODE: 'stubborn' })
    const [started] = await at.plugin.started()
    await made.close()
    expect(isAlive(started?.pid ?? 0)).toBe(false)
  })

  it('knows that it stands from the port alone, if the plugin finds other words', async () => {
    const made = await at.tunnel({ patience: 3000 }, { STAND_IN_MODE: 'mute' })
    expect(await echoed(made.port)).toBe('hello')
  })

  it.each([
    ['broken', 'has ended', 'websocket: bad handshake (...)'],
    ['silent', 'does not open', 'Starting session with SessionId: me-1'],
  ])('that does not come about (%s) says why, and leaves no session', async (mode, what, why) => {
    const error = await failure(at.tunnel({ patience: 1000 }, { STAND_IN_MODE: mode }))
    expect(error.what).toContain(what)
    expect(error.why).toContain(why)
    expect(error.why).not.toContain('token-of')
    expect(at.sessions.did('TerminateSession').length).toBe(1)
  })

  it('tells when it has ended by itself, with the last words', async () => {
    const made = await at.tunnel({}, { STAND_IN_MODE: 'dies' })
    expect(await made.ended).toMatchObject({
      what: 'The tunnel through i-00000000000000001 has ended',
      why: expect.stringContaining('timed out'),
    })
  })

  it('says so when the instance does not get to the server', async () => {
    at.echo.close()
    const made = await at.tunnel()
    expect(await echoed(made.port)).toBe('')
    await until(() => at.said.length > 0)
    expect(at.said[0]).toBe(
      `i-00000000000000001 cannot reach 127.0.0.1:${at.echo.port}: the security group of the database must let it in`,
    )
  })

  it('takes another port when its own is snatched away, but not another than the one that is asked for', async () => {
    const made = await at.tunnel({}, { STAND_IN_MODE: 'taken-once' })
    expect(await echoed(made.port)).toBe('hello')
    expect([at.sessions.did('StartSession').length, at.sessions.did('TerminateSession').length]).toEqual([2, 1])
    const error = await failure(at.tunnel({ localPort: at.echo.port }))
    expect(error).toMatchObject({ what: `The port ${at.echo.port} of this machine is in use`, exitCode: 2 })
    await made.close()
    expect((await at.tunnel({ localPort: made.port })).port).toBe(made.port)
  })

  it('stops opening when the run is interrupted', async () => {
    const stop = new AbortController()
    const work = failure(at.tunnel({ signal: stop.signal }, { STAND_IN_MODE: 'silent' }))
    while ((await at.plugin.started()).length === 0) await wait(10)
    stop.abort()
    expect(await work).toMatchObject({ exitCode: 130 })
    expect(at.sessions.did('TerminateSession').length).toBe(1)
    expect(await failure(at.tunnel({ signal: stop.signal }))).toMatchObject({ exitCode: 130 })
    expect(at.sessions.did('StartSession').length).toBe(1)
  })

  it('stays while the run is interrupted: its last statements go through', async () => {
    const stop = new AbortController()
    const made = await at.tunnel({ signal: stop.signal })
    stop.abort()
    expect(await echoed(made.port)).toBe('hello')
  })

  it('closes here even when AWS cannot be told', async () => {
    const made = await at.tunnel()
    at.sessions.refuse = { TerminateSession: new Error('no network') }
    await made.close()
    expect(at.said).toEqual([expect.stringContaining('The session me-1 could not be ended (no network)')])
    const again = await at.tunnel()
    at.sessions.refuse = { TerminateSession: Object.assign(new Error('gone'), { name: 'DoesNotExistException' }) }
    await again.close()
    expect(at.said.length).toBe(1)
  })

  it('explains a target that takes no session', async () => {
    at.sessions.refuse = { StartSession: Object.assign(new Error('i-1 is not connected.'), { name: 'TargetNotConnected' }) }
    expect(await failure(at.tunnel())).toMatchObject({
      what: 'i-00000000000000001 takes no session now',
      why: expect.stringContaining('i-1 is not connected.'),
    })
  })
})
