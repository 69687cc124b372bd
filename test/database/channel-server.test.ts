import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classify } from '../../src/aws/trouble.ts'
import { startPgProxy } from '../support/pg-proxy.ts'
import { failure, newest, type Place, placeOn } from './support.ts'

describe('connections to a server', () => {
  let place: Place
  const warnings: string[] = []
  const hear = (warning: Error): void => void warnings.push(warning.message)
  beforeAll(async () => {
    place = await placeOn(newest)
    process.on('warning', hear)
  })
  afterAll(async () => {
    process.off('warning', hear)
    await place?.close()
  })
  const sessions = async (): Promise<number> => {
    const [row] = await place.ask("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'infra'")
    return row?.n as number
  }

  it('any number of operations at once, over one connection, which is gone after the close', async () => {
    const opened = place.open()
    const password = place.secrets.give('many', 'Password0of0many')
    await opened.send('CreateRole', { server: place.server, name: 'many', password })
    const login = { server: place.server, role: 'many', password, database: 'postgres' }
    const all = Array.from({ length: 12 }, () => [opened.send('Look', { server: place.server }), opened.send('Login', login)])
    await Promise.all(all.flat())
    await expect.poll(sessions).toBe(1)
    await opened.close()
    await expect.poll(sessions).toBe(0)
    expect(warnings).toEqual([])
  })

  it('does not count itself among those who are connected', async () => {
    const opened = place.open()
    await opened.send('Look', { server: place.server })
    const others = (await sessions()) - 1
    const told = await opened.send('Sessions', { server: place.server, database: 'postgres' })
    expect(told.filter((who) => who.startsWith('postgres infra '))).toHaveLength(others)
    await opened.close()
  })

  it('no socket is left open, also after a failure', async () => {
    const left = (): number => process.getActiveResourcesInfo().filter((r) => /^(TCP|TLS)/.test(r)).length
    const before = left()
    const opened = place.open()
    const password = place.secrets.give('nobody', 'Password0of0nobody')
    await opened.send('Look', { server: place.server })
    await opened.send('Login', { server: place.server, role: 'nobody', password, database: 'postgres' })
    await failure(place.open().send('Look', { server: { ...place.server, port: 1 } }))
    await opened.close()
    await expect.poll(left).toBeLessThanOrEqual(before)
  })

  it('a connection that breaks between two operations is not noticed by the second one', async () => {
    const opened = place.open()
    await opened.send('Look', { server: place.server })
    await place.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'infra'")
    const open = () => place.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'infra'")
    await expect.poll(open, { timeout: 20_000 }).toEqual([])
    expect(await opened.send('Look', { server: place.server })).toMatchObject({ is: 'open' })
  })

  it.each(['before', 'after'] as const)('one that breaks %s a statement: nobody knows what happened', async (when) => {
    const tunnel = await startPgProxy(place.pg.port)
    const opened = place.open({ address: { host: '127.0.0.1', port: tunnel.port } })
    const name = `broken_${when}`
    const password = place.secrets.give(name, 'Password0of0broken')
    tunnel.cut(1, when)
    const error = await failure(opened.send('CreateRole', { server: place.server, name, password }))
    expect(error.name).toBe('ConnectionLost')
    expect(classify(error)).toBe('unknown-outcome')
    expect(await place.ask(`SELECT rolname FROM pg_roles WHERE rolname = '${name}'`)).toHaveLength(when === 'after' ? 1 : 0)
    await opened.close()
    await tunnel.close()
  })

  it.each(['Look', 'Login', 'Sessions', 'AlterRole', 'AlterDatabase'] as const)(
    '%s is asked again when its connection breaks, once',
    async (operation) => {
      const name = `again_${operation.toLowerCase()}`
      const password = place.secrets.give(name, 'Password0of0again')
      await place.send('CreateRole', { server: place.server, name, password })
      await place.send('CreateDatabase', { server: place.server, name, owner: name, encoding: 'UTF8', collation: '' })
      const tunnel = await startPgProxy(place.pg.port)
      const opened = place.open({ address: { host: '127.0.0.1', port: tunnel.port } })
      const input = { server: place.server, name, role: name, owner: name, database: name, password }
      for (const when of ['before', 'after'] as const) {
        tunnel.clear()
        tunnel.cut(1, when)
        await opened.send(operation, input)
        expect(tunnel.statements).toHaveLength(2)
      }
      tunnel.clear()
      tunnel.cut(1, 'before', true)
      expect((await failure(opened.send(operation, input))).name).toBe('ConnectionLost')
      await opened.close()
      await tunnel.close()
    },
  )

  it('a create is carried out whole or not at all', async () => {
    const password = place.secrets.give('half', 'Password0of0half')
    await place.ask('CREATE ROLE half')
    // The grant stands behind the statement that fails.
    expect((await failure(place.send('CreateRole', { server: place.server, name: 'half', password }))).name).toBe(
      'RoleAlreadyExists',
    )
    const tunnel = await startPgProxy(place.pg.port)
    const opened = place.open({ address: { host: '127.0.0.1', port: tunnel.port } })
    await opened.send('CreateRole', { server: place.server, name: 'whole', password })
    await opened.send('AlterRole', { server: place.server, name: 'whole', password })
    expect(tunnel.statements).toHaveLength(2)
    await opened.close()
    await tunnel.close()
  })
})
