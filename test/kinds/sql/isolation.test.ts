import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Place, placeOn, programs } from '../../database/support.ts'
import { Disk, runCreate, type Tenant, tenantsGraph } from './support.ts'

/** One is a part of another one's name: rights that go by a pattern would let it in. */
const TENANTS: readonly Tenant[] = ['shop', 'shop_eu', 'shopxeu'].map((name, i) => ({
  name,
  password: `Password0of0tenant0${i}`,
}))

describe.each(programs)('PostgreSQL $version', ({ bin }) => {
  let place: Place
  beforeAll(async () => {
    place = await placeOn({ bin })
    await runCreate(place, tenantsGraph(place, TENANTS), new Disk())
  })
  afterAll(() => place?.close())

  const everyPair = TENANTS.flatMap((who) => TENANTS.map((where) => ({ who: who.name, where: where.name, own: who === where })))
  const as = (name: string, database: string) => ({
    user: name,
    password: TENANTS.find((t) => t.name === name)?.password ?? '',
    database,
  })

  it.each(everyPair)('$who into $where', async ({ who, where, own }) => {
    const password = { secret: `of ${who}`, key: 'password' }
    expect(await place.send('Login', { server: place.server, role: who, password, database: where })).toBe(own ? 'ok' : 'barred')
    const asked = place.ask('SELECT current_database()::text AS here', as(who, where))
    if (own) expect(await asked).toEqual([{ here: where }])
    else await expect(asked).rejects.toMatchObject({ code: '42501' })
  })

  it.each(TENANTS)('$name makes its tables in its own database', async ({ name }) => {
    await place.ask('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)', as(name, name))
    expect(await place.ask('SELECT id FROM orders', as(name, name))).toEqual([{ id: 1 }])
    for (const { name: other } of TENANTS)
      if (other !== name) {
        await expect(place.ask('SELECT id FROM orders', as(other, name))).rejects.toMatchObject({ code: '42501' })
        await expect(place.ask(`SET ROLE ${name}`, as(other, other))).rejects.toMatchObject({ code: '42501' })
        await expect(place.ask(`DROP DATABASE ${name}`, as(other, other))).rejects.toMatchObject({ code: '42501' })
        await expect(place.ask(`ALTER ROLE ${name} PASSWORD 'x'`, as(other, other))).rejects.toMatchObject({ code: '42501' })
      }
  })

  it('nobody but the owner and the master user may connect, whoever logs in', async () => {
    await place.ask("CREATE ROLE passer_by LOGIN PASSWORD 'Password0of0passer'")
    for (const { name } of TENANTS) {
      const login = { user: 'passer_by', password: 'Password0of0passer', database: name }
      await expect(place.ask('SELECT 1', login)).rejects.toMatchObject({ code: '42501' })
      expect(await place.ask('SELECT 1 AS one', { database: name })).toEqual([{ one: 1 }])
    }
  })
})
