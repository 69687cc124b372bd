import { createServer, connect as dial } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach } from 'vitest'
import { openTunnel, type Tunnel, type TunnelOptions } from '../../../src/database/ssm.ts'
import { isAlive, type PluginFolder, pluginFolder, Sessions } from './sessions.ts'

/** What each test of tunnels starts with: an account, the stand-in of the plugin, and a server that says what it is told. */
export interface Tunnels {
  readonly sessions: Sessions
  readonly plugin: PluginFolder
  readonly said: string[]
  readonly echo: { readonly port: number; close(): void }
  options(more?: Partial<TunnelOptions>): TunnelOptions
  /** Open until the end of the test. */
  tunnel(more?: Partial<TunnelOptions>, env?: NodeJS.ProcessEnv): Promise<Tunnel>
}

export const until = async (reached: () => boolean): Promise<void> => {
  for (let n = 0; !reached(); n++) {
    if (n > 500) throw new Error('it did not come about')
    await wait(10)
  }
}

/** What comes back from a port; empty when it hangs up, also where the kernel says so by a reset: "hello" was not read by then. */
export const echoed = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = dial(port, '127.0.0.1', () => socket.write('hello'))
    socket.once('data', (d) => {
      resolve(d.toString())
      socket.destroy()
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      /^(ECONNRESET|EPIPE)$/.test(error.code ?? '') ? resolve('') : reject(error),
    )
    socket.once('close', () => resolve(''))
  })

/** The same object in all tests of a file, with new contents for each. */
export const useTunnels = (): Tunnels => {
  const open: Tunnel[] = []
  const options = (more: Partial<TunnelOptions> = {}): TunnelOptions => ({
    aws: now.sessions.aws,
    region: 'us-east-1',
    vpcId: 'vpc-1',
    env: now.plugin.env,
    report: (line) => now.said.push(line),
    ...more,
  })
  const tunnel: Tunnels['tunnel'] = async (more = {}, env = {}) => {
    const to = { host: '127.0.0.1', port: now.echo.port }
    const made = await openTunnel(to, options({ env: { ...now.plugin.env, ...env }, ...more }))
    open.push(made)
    return made
  }
  const now = { options, tunnel } as { -readonly [K in keyof Tunnels]: Tunnels[K] }
  beforeEach(async () => {
    now.sessions = new Sessions()
    now.sessions.instances = [{ id: 'i-00000000000000001', ping: 'Online' }]
    now.plugin = await pluginFolder()
    now.said = []
    const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    now.echo = { port: typeof address === 'object' && address ? address.port : 0, close: () => server.close() }
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((t) => t.close()))
    for (const { pid } of await now.plugin.started()) await until(() => !isAlive(pid))
    now.echo.close()
    await now.plugin.remove()
  })
  return now
}
