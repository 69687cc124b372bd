import type { ChildProcess } from 'node:child_process'
import { connect as dial } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Aws } from '../aws/clients.ts'
import type { Server } from '../aws/sql.ts'
import { codeOf } from '../aws/trouble.ts'
import { InfraError, Interrupted } from '../core/errors.ts'
import type { Address } from './client-channel.ts'
import { PLUGIN, type Session } from './plugin.ts'

export interface TunnelOptions {
  readonly aws: Pick<Aws, 'ssm' | 'ecs' | 'ec2'>
  readonly region: string
  readonly profile?: string | undefined
  /** `i-...`, `ecs:<cluster>` or `ecs:<cluster>/<service>`; otherwise an instance in `vpcId`. */
  readonly target?: string | undefined
  readonly vpcId?: string | undefined
  /** Of this machine; otherwise a free one. */
  readonly localPort?: number | undefined
  readonly env?: NodeJS.ProcessEnv
  report?(line: string): void
  readonly signal?: AbortSignal
  /** Milliseconds until it must stand. */
  readonly patience?: number
}

export interface Tunnel extends Address {
  readonly host: '127.0.0.1'
  /** What it goes through. */
  readonly target: string
  /** Closes it, in AWS too. */
  close(): Promise<void>
  /** When it is over: undefined after a close, else what has ended it. */
  readonly ended: Promise<InfraError | undefined>
}

/** Milliseconds. */
const PATIENCE = 30_000
/** For the plugin to say goodbye. */
const CLOSE = 4000

type Watched = TunnelOptions & { report(line: string): void }

/** A plugin that has been started, as a tunnel. `ready` fails when it does not become one. */
export const watch = (
  child: ChildProcess,
  session: Session,
  { aws, report, signal, patience = PATIENCE }: Watched,
  to: Pick<Server, 'host' | 'port'>,
  target: string,
  port: number,
): Tunnel & { readonly ready: Promise<void> } => {
  let said = ''
  let closing = false
  const words = (): string => said.replaceAll(session.TokenValue, '...').trim().split('\n').filter(Boolean).slice(-5).join('; ')
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    // Its last words may come after it.
    child.once('exit', () => {
      child.stdin?.end()
      void wait(200).then(() => resolve())
    })
    child.once('close', () => resolve())
  })
  child.stdin?.on('error', () => {})
  const over = exited.then(() =>
    closing
      ? undefined
      : new InfraError(`The tunnel through ${target} has ended`, {
          why: words() || `${PLUGIN} said nothing`,
          next: 'Run the same command again',
        }),
  )
  let told = false
  const opened = new Promise<void>((resolve) => {
    const hear = (part: Buffer): void => {
      said = (said + part.toString()).slice(-8000)
      if (/Waiting for connections/.test(said)) resolve()
      // A message may come in two parts, and each failed connection says it anew: once is enough.
      if (!told && /Connection to destination port failed/.test(said)) {
        told = true
        report(`${target} cannot reach ${to.host}:${to.port}: the security group of the database must let it in`)
      }
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
  })
  const ready = (async () => {
    const late = new AbortController()
    const stop = new Promise<never>((_, reject) => {
      const interrupted = (): void => reject(new Interrupted())
      signal?.addEventListener('abort', interrupted, { signal: late.signal })
      if (signal?.aborted) interrupted()
    })
    stop.catch(() => {})
    const never = wait(patience, undefined, { signal: late.signal }).then(() => {
      throw new InfraError(`The tunnel through ${target} does not open`, {
        why: words() || `nothing was heard of it for ${patience / 1000} seconds`,
        next: 'Run the same command again, or set databases.via in infra.yaml to task',
      })
    })
    never.catch(() => {})
    try {
      await Promise.race([
        opened,
        answering(port, patience / 6, late.signal),
        over.then((error) => Promise.reject(error)),
        never,
        stop,
      ])
    } finally {
      late.abort()
    }
  })()
  const end = async (): Promise<void> => {
    closing = true
    child.stdin?.end()
    const terminated = aws.ssm('TerminateSession', { SessionId: session.SessionId }).catch((error: Error) => {
      // The plugin has been faster.
      if (codeOf(error) === 'DoesNotExist') return
      report(`The session ${session.SessionId} could not be ended (${error.message}): it ends by itself when nothing uses it`)
    })
    const gone = await Promise.race([exited.then(() => true), wait(CLOSE, false, { ref: false })])
    if (!gone && child.pid !== undefined) killGroup(child.pid)
    await Promise.race([terminated, wait(CLOSE, undefined, { ref: false })])
  }
  let closed: Promise<void> | undefined
  return {
    host: '127.0.0.1',
    port,
    target,
    ready,
    ended: over,
    close: () => {
      closed ??= end()
      return closed
    },
  }
}

/** It is the first of its group, with the plugin as the second. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

/** For a plugin that says it is ready in other words. A connection here is one that the database server sees, so not at once. */
const answering = async (port: number, silence: number, signal: AbortSignal): Promise<void> => {
  for (;;) {
    // Without an end: whoever races with this one has ended then.
    if ((await wait(silence, 'on', { signal }).catch(() => 'off')) === 'off') return new Promise(() => {})
    if (await answers(port)) return
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => resolve(false)).setTimeout(1000, () => socket.destroy())
    socket.once('connect', () => socket.destroy())
  })
