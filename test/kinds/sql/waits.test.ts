import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import { classify } from '../../../src/aws/trouble.ts'
import type { Row } from '../../../src/state/schema.ts'
import { failure, newest, placeOn, programs } from '../../database/support.ts'
import { Disk, runCreate, runDestroy, tenantsGraph } from './support.ts'

// PostgreSQL waits five seconds for others to leave a database, and so long an address is tried that says nothing: all at once here.
type Failure = Awaited<ReturnType<typeof failure>>

/** A destroy while somebody is connected, who leaves when that is said. */
const heldUp = async (bin: string): Promise<{ waits: string[]; left: Row[] }> => {
  const place = await placeOn({ bin })
  try {
    const t = { name: 'shop', password: 'Password0of0shop0000' }
    const disk = new Disk()
    await runCreate(place, tenantsGraph(place, [t]), disk)
    const { host, port } = place.pg
    const client = new pg.Client({ host, port, user: t.name, ...t, database: t.name, application_name: 'web' })
    await client.connect()
    const { events } = await runDestroy(place, disk, {
      heard: (event) => {
        if (event.type === 'resource.waiting' && event.key === 'database-shop') void client.end()
      },
    })
    return { waits: events.flatMap((e) => (e.type === 'resource.waiting' ? [e.status] : [])), left: [...disk.rows.values()] }
  } finally {
    await place.close()
  }
}

/** A drop while somebody is connected who stays. */
const refused = async (bin: string): Promise<{ error: Failure; there: number }> => {
  const place = await placeOn({ bin })
  try {
    await place.ask('CREATE DATABASE busy')
    const visitor = new pg.Client({ host: place.pg.host, port: place.pg.port, ...place.pg.master, database: 'busy' })
    await visitor.connect()
    const error = await failure(place.send('DropDatabase', { server: place.server, name: 'busy', force: false }))
    const there = (await place.ask("SELECT FROM pg_database WHERE datname = 'busy'")).length
    await visitor.end()
    return { error, there }
  } finally {
    await place.close()
  }
}

/** A look at a server that takes the connection and says nothing. */
const unanswered = async (bin: string): Promise<{ error: Failure; took: number }> => {
  const place = await placeOn({ bin })
  const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  try {
    await once(mute, 'listening')
    const { port } = mute.address() as AddressInfo
    const began = performance.now()
    const error = await failure(place.send('Look', { server: { ...place.server, host: 'localhost', port } }))
    return { error, took: performance.now() - began }
  } finally {
    mute.close()
    await place.close()
  }
}

const begin = () => ({
  held: programs.map(({ bin }) => heldUp(bin)),
  refusals: programs.map(({ bin }) => refused(bin)),
  silence: unanswered(newest.bin),
})
let begun: ReturnType<typeof begin>
beforeAll(async () => {
  begun = begin()
  await Promise.allSettled([...begun.held, ...begun.refusals, begun.silence])
})

const each = programs.map(({ version }, i) => [version, i] as const)

it.each(each)('PostgreSQL %s: a destroy waits for those who are connected, and says who it is', async (_, i) => {
  const run = await begun.held[i]
  expect(run?.waits[0]).toMatch(/^in use by shop web from 127\.0\.0\.1 since \d{4}-\d\d-\d\d \d\d:\d\d$/)
  expect(run?.left).toEqual([])
})

it.each(each)('PostgreSQL %s: a database in which somebody is stays, and the error says why', async (_, i) => {
  const { error, there } = (await begun.refusals[i]) ?? expect.fail('it did not begin')
  expect(classify(error)).toBe('in-use')
  expect(error.message).toMatch(/being accessed by other users: There is 1 other session/)
  expect(there).toBe(1)
})

it('an address that takes connections and says nothing is given up after five seconds', async () => {
  const { error, took } = await begun.silence
  expect(error.what).toContain('cannot be reached from here')
  expect(took).toBeGreaterThan(4900)
  expect(took).toBeLessThan(30_000)
})
