import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failure, type Place, placeOn, programs } from '../../database/support.ts'
import { catalogue, Disk, runCreate, runDestroy, type Tenant, tenantsGraph } from './support.ts'

const OTHER = 'Other0Password0987654321'

describe.each(programs)('PostgreSQL $version', ({ bin }) => {
  let place: Place
  beforeAll(async () => {
    place = await placeOn({ bin })
  })
  afterAll(() => place?.close())

  let count = 0
  const tenant = (): Tenant => ({ name: `f${++count}`, password: `Password0of0f${count}00000000` })
  const create = (of: Tenant | readonly Tenant[], disk = new Disk()) => runCreate(place, tenantsGraph(place, [of].flat()), disk)
  const login = (of: Tenant, database = of.name) => {
    const password = place.secrets.give(`try ${of.name}`, of.password)
    return place.send('Login', { server: place.server, role: of.name, password, database })
  }
  /** That the run is refused, for this reason, and that all inside the server is as before. */
  const refused = async (of: Tenant, why: RegExp): Promise<void> => {
    const disk = new Disk()
    const before = await catalogue(place, [of.name, `${of.name}_x`])
    for (let time = 1; time <= 2; time++) {
      const error = await failure(create(of, disk))
      expect(error.message).toMatch(why)
      expect(error).toMatchObject({ exitCode: 2 })
    }
    expect(await catalogue(place, [of.name, `${of.name}_x`])).toBe(before)
    expect([...disk.rows.keys()].filter((k) => !k.startsWith('secret'))).toEqual([])
  }

  describe('a role that is there already', () => {
    it('with the password of the secret is ours: state lost, and found again', async () => {
      const t = tenant()
      await create(t)
      const before = await catalogue(place, [t.name])
      const { plan } = await create(t, new Disk())
      expect(plan.actions.map((a) => a.action)).toEqual(['keep', 'keep', 'keep'])
      expect(await catalogue(place, [t.name])).toBe(before)
    })

    it('with another password is left alone', async () => {
      const t = tenant()
      place.secrets.give(`of ${t.name}`, t.password)
      await place.ask(`CREATE ROLE ${t.name} LOGIN PASSWORD '${OTHER}'`)
      await refused(t, /name f\d+ is taken by the role f\d+ of shop-db, whose password is not the one in the secret/)
      expect(await login({ ...t, password: OTHER }, 'postgres')).toBe('ok')
    })

    it('is left alone when the secret is yet to be made', async () => {
      const t = tenant()
      await place.ask(`CREATE ROLE ${t.name} LOGIN PASSWORD '${OTHER}'`)
      await refused(t, /taken by the role f\d+ of shop-db, and there is no secret with its password yet/)
      expect(await login({ ...t, password: OTHER }, 'postgres')).toBe('ok')
    })

    it('and cannot log in is left alone: it may be a group', async () => {
      const t = tenant()
      place.secrets.give(`of ${t.name}`, t.password)
      await place.ask(`CREATE ROLE ${t.name} NOLOGIN`)
      await refused(t, /taken by the role f\d+ of shop-db, which cannot log in/)
    })
  })

  describe('a recorded role', () => {
    const changed = async (sql: (name: string) => string): Promise<string[]> => {
      const t = tenant()
      const disk = new Disk()
      await create(t, disk)
      const before = await catalogue(place, [t.name])
      await place.ask(sql(t.name))
      const { plan } = await create(t, disk)
      expect(await login(t)).toBe('ok')
      expect((await create(t, disk)).plan.actions.map((a) => a.action)).toEqual(['keep', 'keep', 'keep'])
      expect((await catalogue(place, [t.name])).replace('"infinity"', 'null')).toBe(before)
      return plan.actions.flatMap((a) => (a.action === 'update' ? [a.reason] : []))
    }

    it('whose password somebody has changed gets the one in the secret', async () => {
      expect(await changed((name) => `ALTER ROLE ${name} PASSWORD '${OTHER}'`)).toEqual(['password: another -> as in the secret'])
    })

    it('whose password has run out gets it again', async () => {
      expect(await changed((name) => `ALTER ROLE ${name} VALID UNTIL '2020-01-01'`)).toEqual([
        'password: another -> as in the secret',
      ])
    })

    it('that may not log in may again', async () => {
      expect(await changed((name) => `ALTER ROLE ${name} NOLOGIN`)).toEqual(['usable: false -> true'])
    })

    it('that the master user may not act as: it may again', async () => {
      expect(await changed((name) => `REVOKE ${name} FROM postgres`)).toEqual(['usable: false -> true'])
    })

    it('whose secret was deleted gets the password of the next one, in the same run', async () => {
      const t = tenant()
      const disk = new Disk()
      await create(t, disk)
      delete place.secrets.values[`of ${t.name}`]
      const next = { ...t, password: OTHER }
      const { plan } = await create(next, disk)
      expect(plan.actions.map((a) => a.reason)).toEqual([
        'was deleted outside of infra',
        'password: another -> as in the secret',
        'as wanted',
      ])
      expect(await login(next)).toBe('ok')
    })

    it('that was dropped by somebody is made anew', async () => {
      const t = tenant()
      const disk = new Disk()
      await create(t, disk)
      await place.ask(`DROP DATABASE ${t.name}`)
      await place.ask(`DROP ROLE ${t.name}`)
      const { plan } = await create(t, disk)
      expect(plan.actions.map((a) => a.reason)).toEqual([
        'as wanted',
        'was deleted outside of infra',
        'was deleted outside of infra',
      ])
      expect(await login(t)).toBe('ok')
    })
  })

  describe('a database that is there already', () => {
    it('and belongs to somebody else is left alone, also when its owner-to-be is yet to be made', async () => {
      const t = tenant()
      await place.ask(`CREATE DATABASE ${t.name}`)
      await refused(t, /taken by the database f\d+ of shop-db, which belongs to postgres/)
    })

    it('and belongs to somebody else is left alone, when its owner-to-be is there', async () => {
      const t = tenant()
      await create(t)
      await place.ask(`ALTER DATABASE ${t.name} OWNER TO postgres`)
      await refused(t, /taken by the database f\d+ of shop-db, which belongs to postgres/)
    })

    it('and belongs to the right one is ours; what is wrong with it is fixed', async () => {
      const t = tenant()
      await create(t)
      await place.ask(`GRANT ALL ON DATABASE ${t.name} TO PUBLIC`)
      const { plan } = await create(t, new Disk())
      expect(plan.actions.map((a) => a.reason)).toContain('publicConnect: true -> false')
    })
  })

  describe('a recorded database', () => {
    it('that belongs to somebody else now is handed over and closed', async () => {
      const t = tenant()
      const disk = new Disk()
      await create(t, disk)
      const before = await catalogue(place, [t.name])
      await place.ask(`ALTER DATABASE ${t.name} OWNER TO postgres`)
      await place.ask(`GRANT CONNECT ON DATABASE ${t.name} TO PUBLIC`)
      const { plan } = await create(t, disk)
      expect(plan.actions.map((a) => a.reason)).toContain('owner: postgres -> '.concat(t.name, '; publicConnect: true -> false'))
      expect(await catalogue(place, [t.name])).toBe(before)
    })

    it('with another encoding or collation is never made anew behind anybody’s back', async () => {
      const t = tenant()
      const disk = new Disk()
      await create(t, disk)
      await place.ask(`DROP DATABASE ${t.name}`)
      await place.ask(
        `CREATE DATABASE ${t.name} OWNER ${t.name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
      )
      const error = await failure(create(t, disk))
      expect(error.message).toContain('encoding is LATIN1 and cannot become UTF8')
      await place.ask(`DROP DATABASE ${t.name}`)
      await place.ask(
        `CREATE DATABASE ${t.name} OWNER ${t.name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'en_US.UTF-8' LC_CTYPE 'C'`,
      )
      expect((await failure(create(t, disk))).message).toContain('collation is en_US.UTF-8 and cannot become C')
    })

    it('keeps its role from being dropped, and the role says so', async () => {
      const t = tenant()
      const disk = new Disk()
      await create(t, disk)
      await place.ask(`CREATE DATABASE ${t.name}_x OWNER ${t.name}`)
      let free: Promise<unknown> | undefined
      const { events } = await runDestroy(place, disk, {
        heard: (event) => {
          if (event.type === 'resource.waiting') free ??= place.ask(`DROP DATABASE ${t.name}_x`)
        },
      })
      await free
      expect(events.flatMap((e) => (e.type === 'resource.waiting' ? [e.status] : []))).toContain(
        `in use by the database ${t.name}_x, which belongs to it`,
      )
      expect(disk.rows.size).toBe(0)
    })
  })
})
