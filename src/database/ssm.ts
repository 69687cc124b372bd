import { createServer } from 'node:net'
import type { Server } from '../aws/sql.ts'
import { codeOf } from '../aws/trouble.ts'
import { InfraError, Interrupted, refuse } from '../core/errors.ts'
import type { WayIn } from './open.ts'
import { findPlugin, type Session, startPlugin } from './plugin.ts'
import { findTarget } from './ssm-target.ts'
import { type Tunnel, type TunnelOptions, watch } from './tunnel.ts'

export type { Tunnel, TunnelOptions } from './tunnel.ts'

const DOCUMENT_NAME = 'AWS-StartPortForwardingSessionToRemoteHost'
const PORTS = 3

/** A tunnel to a server through Systems Manager: a port of this machine that leads to it. */
export const openTunnel = async (to: Pick<Server, 'host' | 'port'>, options: TunnelOptions): Promise<Tunnel> => {
  const { aws, env = process.env, report = () => {}, localPort } = options
  // Before a session is there that somebody would have to close.
  const plugin = await findPlugin(env, report)
  const target = await findTarget(options)
  for (let attempt = 1; ; attempt++) {
    const port = localPort ?? (await freePort())
    const request = {
      Target: target,
      DocumentName: DOCUMENT_NAME,
      Parameters: { host: [to.host], portNumber: [String(to.port)], localPortNumber: [String(port)] },
    }
    if (options.signal?.aborted) throw new Interrupted()
    const session = await startSession(aws, request)
    const child = startPlugin({ plugin, session, request, env, region: options.region, profile: options.profile ?? '' })
    const tunnel = watch(child, session, { ...options, report }, to, target, port)
    try {
      await tunnel.ready
      return tunnel
    } catch (error) {
      await tunnel.close()
      const taken = /address already in use|bind:/.test(String(error))
      if (taken && localPort !== undefined)
        throw refuse(
          `The port ${localPort} of this machine is in use`,
          'another program listens there',
          'Name another one, or none: --port',
        )
      if (!taken || attempt >= PORTS) throw error
    }
  }
}

const startSession = async (
  aws: TunnelOptions['aws'],
  request: { Target: string; DocumentName: string; Parameters: Record<string, string[]> },
): Promise<Session> => {
  const answer = await aws.ssm('StartSession', { ...request, Reason: 'infra: database' }).catch((error: Error) => {
    if (codeOf(error) !== 'TargetNotConnected') throw error
    throw new InfraError(`${request.Target} takes no session now`, {
      why: `${error.message}; its agent does not answer Systems Manager, or its version is too old`,
      next: 'Wait some minutes if it was just started, name another databases.target, or set databases.via in infra.yaml to task',
      cause: error,
    })
  })
  const { SessionId, TokenValue, StreamUrl } = answer
  if (!SessionId || !TokenValue || !StreamUrl)
    throw new InfraError('Systems Manager gave no session', { next: 'Run the same command again' })
  return { SessionId, TokenValue, StreamUrl }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** Through a running instance or ECS task, for as long as the command takes. */
export const ssmWay = (options: TunnelOptions): WayIn => {
  const tunnels = new Map<string, Promise<Tunnel>>()
  return {
    via: 'ssm',
    address: async ({ host, port }) => {
      const id = `${host}:${port}`
      const known = tunnels.get(id)
      if (known) return known
      const made = openTunnel({ host, port }, options)
      tunnels.set(id, made)
      // One that did not open, or has ended, is opened anew the next time.
      const over = (): boolean => tunnels.delete(id)
      made
        .then((t) => t.ended)
        .then((error) => {
          if (error) options.report?.(error.message)
        })
        .then(over, over)
      return made
    },
    async close() {
      await Promise.all([...tunnels.values()].map((t) => t.then((x) => x.close()).catch(() => undefined)))
    },
  }
}
