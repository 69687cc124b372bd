import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { LockLost, refuse } from '../core/errors.ts'
import { oneLine } from '../core/safe.ts'
import { Conflict, type ObjectStore } from './backend.ts'
import type { Lock } from './lock.ts'
import { lockLost } from './lost.ts'
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
  /** Milliseconds of the wall clock, and of one that nobody sets. */
  readonly now?: () => number
  readonly monotonic?: () => number
}

/** What is no lease, whatever else it may be, is nobody's. */
export const leaseText = (text: string): Partial<Lease> => {
  try {
    const found: unknown = JSON.parse(text)
    return found !== null && typeof found === 'object' && !Array.isArray(found) ? (found as Partial<Lease>) : {}
  } catch {
    return {}
  }
}

export const leaseWords = (l: Partial<Lease>): string =>
  l.command === undefined
    ? 'a lock that is not one of infra'
    : oneLine(`${l.command} (process ${l.pid} on ${l.host}, since ${l.started})`)

/**
 * A lock that lives by its heartbeat: whoever dies loses it after a minute. Taking it over replaces exactly the lease that was
 * seen dead, so of two takers one wins. `check` is the fence before each change: it costs a call only when the lease is older than its
 * length, which is so only after a suspend or a long silence of the network.
 * @param lost called once, when the lease turns out to be someone else's, or gone
 * @throws InfraError (exit 2) while another run holds it
 */
export const lease = async (
  objects: ObjectStore,
  key: string,
  command: string,
  note: (line: string) => void,
  lost: (why: LockLost) => void,
  options: LeaseOptions = {},
): Promise<Lock> => {
  const { heartbeatMs = HEARTBEAT_MS, leaseMs = LEASE_MS, skewMs = SKEW_MS } = options
  const { now = Date.now, monotonic = () => performance.now() } = options
  const me = { nonce: randomUUID(), host: hostname(), pid: process.pid, started: new Date(now()).toISOString(), command }
  /** Of the last renewal that got through: when it was asked for. The wall clock counts a suspend, the other one is never set back. */
  let renewed = { wall: 0, monotonic: 0 }
  const put = async (replaces: string | undefined): Promise<string> => {
    const asked = { wall: now(), monotonic: monotonic() }
    const tag = await objects.put(key, JSON.stringify({ ...me, until: new Date(asked.wall + leaseMs).toISOString() }), replaces)
    renewed = asked
    return tag
  }

  const claim = async (): Promise<string> => {
    const found = await objects.get(key)
    if (!found) return put(undefined)
    const other = leaseText(found.text)
    const gone = other.host === me.host && !alive(Number(other.pid ?? 0))
    const expired = !(Date.parse(other.until ?? '') > now() - skewMs)
    if (!gone && !expired)
      throw refuse(
        `Another run holds the lock: ${leaseWords(other)}`,
        'two runs at once could make things twice',
        'Wait until it is done and run the command again. A run that died loses it after a minute and a half; infra unlock takes it away at once',
        'lock.held',
      )
    const tag = await put(found.tag)
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
      'lock.held',
    )
  })

  let over: LockLost | undefined
  let told: LockLost | undefined
  let renewing: Promise<void> | undefined
  const renewOnce = async (): Promise<void> => {
    try {
      tag = await put(tag)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      const found = await objects.get(key)
      const holder = found && leaseText(found.text)
      if (found && holder?.nonce === me.nonce) {
        // An earlier renewal, whose answer was lost, has taken effect since.
        tag = await put(found.tag)
        return
      }
      over ??= lockLost(objects.place(key), holder && leaseWords(holder))
      throw over
    }
  }
  /** One at a time: two renewals at once would each take the other one for a thief. */
  const renew = (): Promise<void> => {
    renewing ??= renewOnce()
      .catch((error: unknown) => {
        if (error instanceof LockLost && told !== error) {
          told = error
          clearInterval(beat)
          lost(error)
        }
        throw error
      })
      .finally(() => {
        renewing = undefined
      })
    return renewing
  }
  // A heartbeat that does not get through is no loss yet: the next one may.
  const beat = setInterval(() => void renew().catch(() => undefined), heartbeatMs)
  beat.unref()

  return {
    async check() {
      if (over) throw over
      if (Math.max(now() - renewed.wall, monotonic() - renewed.monotonic) < leaseMs) return
      // Where even this does not get through, its error is that of the call: nothing was sent.
      await renew()
    },
    async release() {
      clearInterval(beat)
      await renewing?.catch(() => undefined)
      if (!over) await objects.remove(key, tag)
    },
  }
}
