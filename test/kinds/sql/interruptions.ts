import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newest, type Place, placeOn, programs } from '../../database/support.ts'
import { type PgProxy, startPgProxy } from '../../support/pg-proxy.ts'
import { eachNth } from '../../support/some.ts'
import { catalogue, Disk, Killed, runCreate, runDestroy, type Tenant, tenantsGraph } from './support.ts'

const NOTHING = JSON.stringify({ roles: null, members: null, databases: null }, null, 1)

/**
 * A run that ends, or loses its connection, at each statement in turn, and the next run: on every PostgreSQL that is here.
 * @param when before the server has heard of the statement, or when it has carried it out
 */
export const interruptions = (when: 'before' | 'after'): void => {
  // The other versions with INFRA_TEST_ALL.
  describe.each(eachNth(programs, 2))('PostgreSQL $version', ({ bin }) => each(bin, when))
}

const each = (bin: string, when: 'before' | 'after'): void => {
  let place: Place
  let proxy: PgProxy
  beforeAll(async () => {
    place = await placeOn({ bin })
    proxy = await startPgProxy(place.pg.port)
  })
  afterAll(async () => {
    await proxy?.close()
    await place?.close()
  })

  /** Two on one server: what they do comes in turns. For the others one will do. */
  const many = bin === newest.bin ? 2 : 1
  let count = 0
  const tenants = (many: number): Tenant[] => {
    const n = ++count
    return Array.from({ length: many }, (_, i) => ({ name: `t${n}_${'ab'[i]}`, password: `Password0of0tenant0${n}0${i}` }))
  }
  const namesOf = (of: readonly Tenant[]): string[] => of.map((t) => t.name)
  const through = () => ({ host: '127.0.0.1', port: proxy.port })
  const clean = async (of: readonly Tenant[], disk: Disk): Promise<void> => {
    await runDestroy(place, disk)
    expect(await catalogue(place, namesOf(of))).toBe(NOTHING)
    expect([...disk.rows.keys()]).toEqual([])
  }

  /** Does the work with the connection cut at each statement in turn, until one run comes through uncut. @returns how many cuts */
  const atEach = async (
    how: 'killed' | 'goes on',
    one: (work: { to: { host: string; port: number }; killed: AbortSignal }) => Promise<void>,
  ): Promise<number> => {
    for (let k = 1; ; k++) {
      proxy.clear()
      const kill = new AbortController()
      let cut = false
      proxy.onCut = () => {
        cut = true
        if (how === 'killed') kill.abort()
      }
      proxy.cut(k, when, how === 'killed')
      await one({ to: through(), killed: kill.signal })
      if (!cut) return k - 1
    }
  }
  const unlessKilled = async (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => false,
      (error: Error) => {
        if (error instanceof Killed) return true
        throw error
      },
    )

  it('undisturbed: creates, finds nothing to do the second time, and destroys', async () => {
    const some = tenants(many)
    const disk = new Disk()
    const graph = tenantsGraph(place, some)
    await runCreate(place, graph, disk)
    const before = await catalogue(place, namesOf(some))
    const rows = JSON.stringify([...disk.rows])
    expect(before).toContain('"owner":"<0>"'.replace(':', ': '))
    const again = await runCreate(place, graph, disk)
    expect(again.plan.actions.map((a) => a.action)).toEqual(Array(3 * many).fill('keep'))
    expect(again.events.flatMap((e) => (e.type === 'resource.ready' ? [e.did] : [e.type]))).toEqual(Array(3 * many).fill('kept'))
    expect(JSON.stringify([...disk.rows])).toBe(rows)
    expect(await catalogue(place, namesOf(some))).toBe(before)
    await clean(some, disk)
  })

  it(`create, killed ${when} each statement: the next run ends with the same`, async () => {
    const undisturbed = tenants(many)
    const disk = new Disk()
    await runCreate(place, tenantsGraph(place, undisturbed), disk)
    const wanted = await catalogue(place, namesOf(undisturbed))
    await clean(undisturbed, disk)
    const cuts = await atEach('killed', async (work) => {
      const some = tenants(many)
      const left = new Disk()
      const graph = tenantsGraph(place, some)
      if (await unlessKilled(runCreate(place, graph, left, work))) await runCreate(place, graph, left)
      expect(await catalogue(place, namesOf(some))).toBe(wanted)
      const { plan } = await runCreate(place, graph, left)
      expect(plan.actions.map((a) => a.action)).toEqual(Array(3 * many).fill('keep'))
      await clean(some, left)
    })
    expect(cuts).toBeGreaterThanOrEqual(1 + 6 * many)
  })

  it(`create, its connection lost ${when} each statement: the same run goes on`, async () => {
    const undisturbed = tenants(1)
    const disk = new Disk()
    await runCreate(place, tenantsGraph(place, undisturbed), disk)
    const wanted = await catalogue(place, namesOf(undisturbed))
    await clean(undisturbed, disk)
    const ends: string[] = []
    await atEach('goes on', async (work) => {
      const one = tenants(1)
      const left = new Disk()
      const graph = tenantsGraph(place, one)
      const end = runCreate(place, graph, left, work).then(
        () => 'done',
        (error: Error) => error.name,
      )
      ends.push(await end)
      expect(await catalogue(place, namesOf(one))).toBe(wanted)
      await clean(one, left)
    })
    expect(ends).toEqual(Array(ends.length).fill('done'))
    expect(ends.length).toBeGreaterThan(7)
  })

  it(`destroy, killed ${when} each statement: the next run leaves nothing`, async () => {
    const cuts = await atEach('killed', async (work) => {
      const some = tenants(1)
      const disk = new Disk()
      await runCreate(place, tenantsGraph(place, some), disk)
      if (await unlessKilled(runDestroy(place, disk, work))) await runDestroy(place, disk)
      expect(await catalogue(place, namesOf(some))).toBe(NOTHING)
      expect([...disk.rows.keys()]).toEqual([])
    })
    expect(cuts).toBeGreaterThanOrEqual(5)
  })
}
