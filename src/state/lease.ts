import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { refuse } from '../engine/errors.ts'
import { Conflict, type ObjectStore } from './backend.ts'
import type { Lock } from './lock.ts'
import { alive } from './process.ts'

interface Lease {
  readonly nonce: string
  readonly host: string
  readonly pid: number
  readonly started: string
  readonly command: string
  /** ISO time until which it holds without another heartbeat. */
  readonly until: string
}

const HEARTBEAT_MS = 15_000
const LEASE_MS = 60_000
/** Clocks of two machines may differ by this much. */
const SKEW_MS = 30_000

export interface LeaseOptions {
  readonly heartbeatMs?: number
  readonly leaseMs?: number
  readonly skewMs?: number
}

export const leaseText = (text: string): Partial<Lease> => {
  try {
    return JSON.parse(text) as Partial<Lease>
  } catch {
    return {}
  }
}

export const leaseWords = (l: Partial<Lease>): string => `${l.command} (process ${l.pid} on ${l.host}, since ${l.started})`

/**
 * A lock that lives by its heartbeat: whoever dies loses it after a minute. Taking it over replaces exactly the lease that was
 * seen dead, so of two takers one wins. It only keeps runs apart: what keeps the state whole is that each write names what it replaces.
 * @param lost called when the lease turns out to be someone else's
 * @throws InfraError (exit 2) while another run holds it
 */
export const lease = async (
  objects: ObjectStore,
  key: string,
  command: string,
  note: (line: string) => void,
  lost: () => void,
  options: LeaseOptions = {},
): Promise<Lock> => {
  const { heartbeatMs = HEARTBEAT_MS, leaseMs = LEASE_MS, skewMs = SKEW_MS } = options
  const me = { nonce: randomUUID(), host: hostname(), pid: process.pid, started: new Date().toISOString(), command }
  const text = (): string => JSON.stringify({ ...me, until: new Date(Date.now() + leaseMs).toISOString() })

  const claim = async (): Promise<string> => {
    const found = await objects.get(key)
    if (!found) return objects.put(key, text(), undefined)
    const other = leaseText(found.text)
    const gone = other.host === me.host && !alive(other.pid ?? 0)
    const expired = !(Date.parse(other.until ?? '') > Date.now() - skewMs)
    if (!gone && !expired)
      throw refuse(
        `Another run holds the lock: ${leaseWords(other)}`,
        'two runs at once could make things twice',
        'Wait until it is done and run the command again. A run that died loses it after a minute and a half; infra unlock takes it away at once',
      )
    const tag = await objects.put(key, text(), found.tag)
    note(`The run before this one (${leaseWords(other)}) did not end by itself; its lock is taken over.`)
    return tag
  }
  let tag = await claim().catch(async (error: unknown) => {
    if (!(error instanceof Conflict)) throw error
    // Someone was faster by a blink: now it is theirs.
    const winner = leaseText((await objects.get(key))?.text ?? '')
    throw refuse(
      `Another run holds the lock: ${leaseWords(winner)}`,
      'it took it a moment ago',
      'Wait until it is done and run the command again',
    )
  })

  const beat = setInterval(() => {
    objects.put(key, text(), tag).then(
      (next) => {
        tag = next
      },
      (error: unknown) => {
        // A heartbeat that does not get through is no loss yet: the next one may. A lease that is another's is.
        if (!(error instanceof Conflict)) return
        clearInterval(beat)
        lost()
      },
    )
  }, heartbeatMs)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      const now = await objects.get(key)
      if (now && leaseText(now.text).nonce === me.nonce) await objects.remove(key)
    },
  }
}
