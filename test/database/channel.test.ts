import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { Secret } from '../../src/core/json.ts'
import { type Connection, clientChannel, goodbye, type LoginData } from '../../src/database/client-channel.ts'
import { failure } from './support.ts'

const server: Server = { id: 'shop-db', engine: 'postgres', host: 'db.example.com', port: 5432, secret: 'master' }

/** A channel over connections that only remember. */
const world = () => {
  const log: string[] = []
  const open = new Set<number>()
  let count = 0
  let busy = 0
  const state = { most: 0, together: 0, ended: new Set<number>(), fail: undefined as Error | undefined, connectMs: 1 }
  const connect = async ({ user, database }: LoginData): Promise<Connection> => {
    await sleep(state.connectMs)
    if (state.fail) throw state.fail
    const n = ++count
    open.add(n)
    state.most = Math.max(state.most, open.size)
    log.push(`${n} opened by ${user} to ${database}`)
    return {
      async query(text) {
        expect(busy).toBe(0)
        if (user === 'postgres') busy++
        await sleep(1)
        if (user === 'postgres') busy--
        log.push(`${n} ${text}`)
        return text
      },
      literal: (plain) => `'${plain}'`,
      async close() {
        open.delete(n)
        log.push(`${n} closed`)
      },
      get ended() {
        return state.ended.has(n)
      },
    }
  }
  const credentials = {
    master: async () => ({ user: 'postgres', password: new Secret('M') }),
    nextOfMaster: async () => undefined,
    password: async ({ secret }: { secret: string }) => new Secret(`of ${secret}`),
  }
  return { log, open, state, channel: clientChannel(server, server, undefined, credentials, connect) }
}
const role = (name: string) => ({ role: name, password: { secret: name, key: 'password' } })

describe('connections', () => {
  it('one for all that the master user does, one statement at a time, in the order of the jobs', async () => {
    const { channel, log, state } = world()
    const jobs = ['a', 'b', 'c'].map((s) => channel.run({ database: 'postgres', statements: [`${s}1`, `${s}2`] }))
    expect(await Promise.all(jobs)).toEqual(['a2', 'b2', 'c2'])
    expect(log).toEqual(['1 opened by postgres to postgres', '1 a1', '1 a2', '1 b1', '1 b2', '1 c1', '1 c2'])
    expect(state.most).toBe(1)
  })

  it('what may stand together goes as one text, with passwords as the driver writes them', async () => {
    const { channel } = world()
    const password = { password: { secret: 'shop', key: 'password' }, text: (literal: string) => `SET ${literal}` }
    expect(await channel.run({ database: 'postgres', atomic: true, statements: [password, 'GRANT'] })).toBe(
      "SET 'of shop';\nGRANT",
    )
  })

  it('a failed job does not stop those behind it', async () => {
    const { channel, state } = world()
    state.fail = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
    const first = failure(channel.run({ database: 'postgres', statements: ['a'] }))
    const second = channel.run({ database: 'postgres', statements: ['b'] })
    expect((await first).name).toBe('DatabaseAway')
    state.fail = undefined
    expect(await second).toBe('b')
  })

  it('one that was closed from outside is opened anew', async () => {
    const { channel, state, log } = world()
    await channel.run({ database: 'postgres', statements: ['a'] })
    state.ended.add(1)
    await channel.run({ database: 'postgres', statements: ['b'] })
    expect(log.filter((l) => l.includes('opened'))).toHaveLength(2)
  })

  it('each login has its own, closed at once, and only a few at a time', async () => {
    const { channel, open, state } = world()
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => channel.run({ database: 'd', as: role(`r${i}`), statements: ['SELECT 1'] })),
    )
    expect(open.size).toBe(0)
    expect(state.most).toBe(4)
  })

  it('none is left open by a close that comes while one is being opened', async () => {
    const { channel, open, state } = world()
    state.connectMs = 30
    const jobs = [
      failure(channel.run({ database: 'postgres', statements: ['a'] })),
      failure(channel.run({ database: 'd', as: role('r'), statements: ['SELECT 1'] })),
    ]
    await sleep(5)
    await channel.close()
    for (const error of await Promise.all(jobs)) expect(error.name).toBe('ConnectionLost')
    expect(open.size).toBe(0)
  })
})

describe('a goodbye', () => {
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['said', async () => {}],
    ['that fails', () => Promise.reject(new Error('gone'))],
  ])('%s leaves no timer that would hold the process up', async (_, ended) => {
    vi.useFakeTimers()
    await goodbye(ended())
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that does not come is not waited for longer than half a second', async () => {
    vi.useFakeTimers()
    const done = goodbye(new Promise(() => {}))
    await vi.advanceTimersByTimeAsync(500)
    await done
  })
})
