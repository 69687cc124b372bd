import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type PgProxy, startPgProxy } from '../support/pg-proxy.ts'
import { newest, type Place, placeOn } from './support.ts'

describe('the proxy that reads and cuts', () => {
  let place: Place
  let proxy: PgProxy
  const clients: pg.Client[] = []
  beforeAll(async () => {
    place = await placeOn(newest)
  })
  afterAll(() => place?.close())
  beforeEach(async () => {
    proxy = await startPgProxy(place.pg.port)
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((c) => c.end()))
    await proxy.close()
  })

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port: proxy.port, ...place.pg.master, database: 'postgres' })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  const roles = async (name: string): Promise<number> =>
    (await place.ask(`SELECT FROM pg_roles WHERE rolname LIKE '${name}'`)).length

  it('reads statements of both kinds, over all connections, and lets them through', async () => {
    const [one, other] = [await connect(), await connect()]
    expect((await one.query('SELECT 1 AS n; SELECT 2 AS n')) as unknown).toMatchObject([
      { rows: [{ n: 1 }] },
      { rows: [{ n: 2 }] },
    ])
    expect((await other.query('SELECT $1::int AS n', [3])).rows).toEqual([{ n: 3 }])
    expect((await one.query({ name: 'kept', text: 'SELECT $1::text AS n', values: ['ä'] })).rows).toEqual([{ n: 'ä' }])
    expect((await one.query({ name: 'kept', text: 'SELECT $1::text AS n', values: ['漢'] })).rows).toEqual([{ n: '漢' }])
    await expect(other.query('SELECT nonsense')).rejects.toMatchObject({ code: '42703' })
    expect(proxy.statements).toEqual([
      'SELECT 1 AS n; SELECT 2 AS n',
      'SELECT $1::int AS n',
      'SELECT $1::text AS n',
      'SELECT $1::text AS n',
      'SELECT nonsense',
    ])
    proxy.clear()
    expect(proxy.statements).toEqual([])
  })

  it('lets an answer through that is longer than one packet', async () => {
    const [row] = (await (await connect()).query("SELECT repeat('x', 3000000) AS x")).rows
    expect(row.x).toHaveLength(3_000_000)
  })

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('cuts %s the statement: the server has carried out %i', async (when, there) => {
    const client = await connect()
    proxy.cut(2, when)
    await client.query('SELECT 1')
    await expect(client.query(`CREATE ROLE cut_${when}`)).rejects.toThrow(/terminated/)
    expect(await roles(`cut_${when}`)).toBe(there)
    expect((await (await connect()).query('SELECT 1')).rowCount).toBe(1)
  })

  it('cuts after the second of two texts with parameters', async () => {
    const client = await connect()
    proxy.cut(2, 'after')
    await client.query('SELECT $1::int', [1])
    await expect(client.query("SELECT set_config('a.b', $1, false)", ['c'])).rejects.toThrow(/terminated/)
  })

  it('for good: nobody gets through until it is cleared', async () => {
    const [client, other] = [await connect(), await connect()]
    const gone = new Promise((done) => other.once('end', done))
    let cuts = 0
    proxy.onCut = () => void cuts++
    proxy.cut(1, 'before', true)
    await expect(client.query('SELECT 1')).rejects.toThrow(/terminated/)
    await gone
    await expect(connect()).rejects.toThrow()
    expect(cuts).toBe(1)
    proxy.clear()
    await connect()
  })

  it('holds a statement up until the hook is through, and says when it is done', async () => {
    const client = await connect()
    const order: string[] = []
    proxy.onStatement = async (k) => {
      order.push(`asked ${k}: ${await roles('held')}`)
    }
    proxy.onDone = async (k) => {
      order.push(`done ${k}: ${await roles('held')}`)
    }
    await client.query('CREATE ROLE held').then(() => order.push('answered'))
    expect(order).toEqual(['asked 1: 0', 'done 1: 1', 'answered'])
  })

  it('a client that is gone before its statement was let through has changed nothing', async () => {
    const client = await connect()
    await new Promise<void>((held) => {
      proxy.onStatement = () => {
        held()
        return new Promise(() => {})
      }
      client.query('CREATE ROLE never').catch(() => {})
    })
    await client.end()
    clients.length = 0
    expect(await roles('never')).toBe(0)
  })
})
