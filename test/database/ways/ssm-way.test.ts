import { describe, expect, it } from 'vitest'
import type { Server } from '../../../src/aws/sql.ts'
import { openSql } from '../../../src/database/open.ts'
import { ssmWay, type TunnelOptions } from '../../../src/database/ssm.ts'
import { failure, newest, placeOn } from '../support.ts'
import { until, useTunnels } from './tunnels.ts'

const at = useTunnels()

describe('what a tunnel goes through', () => {
  const target = async (more: Partial<TunnelOptions>): Promise<string> => {
    const made = await at.tunnel(more)
    await made.close()
    return made.target
  }
  const [A, B, C] = ['i-0000000000000000a', 'i-0000000000000000b', 'i-0000000000000000c']
  const T1 = '1'.repeat(32)
  const T2 = '2'.repeat(32)

  it("is an instance of the network that answers, the stack's own first", async () => {
    at.sessions.instances = [
      { id: A, ping: 'Online', vpc: 'vpc-2', ours: true },
      { id: 'i-stopped', ping: 'Online', state: 'stopped', ours: true },
      { id: 'i-silent', ping: 'ConnectionLost', ours: true },
      { id: 'i-unknown', ours: true },
      { id: B, ping: 'Online' },
      { id: C, ping: 'Online', ours: true },
    ]
    expect(await target({})).toBe(C)
    at.sessions.instances = at.sessions.instances.filter((i) => i.id !== C)
    expect(await target({})).toBe(B)
  })

  it('is missing for one of three reasons, and there are three ways out', async () => {
    at.sessions.instances = [{ id: A, ping: 'ConnectionLost' }, { id: B }]
    const error = await failure(at.tunnel())
    for (const part of [A, B, 'public address', 'AmazonSSMManagedInstanceCore', 'agent']) expect(error.why).toContain(part)
    for (const part of ['infra create bastion', 'databases.target', 'task']) expect(error.next).toContain(part)
    at.sessions.instances = []
    expect((await failure(at.tunnel())).why).toBe('no instance runs in vpc-1')
    expect((await failure(at.tunnel({ vpcId: undefined }))).why).toBe('the network of the database is not known')
    expect(at.sessions.did('StartSession')).toEqual([])
  })

  it('can be named, and is looked at first', async () => {
    at.sessions.instances = [
      { id: A, ping: 'Online', vpc: 'vpc-9' },
      { id: B, ping: 'ConnectionLost' },
    ]
    expect(await target({ target: A })).toBe(A)
    expect((await failure(at.tunnel({ target: B }))).why).toContain('silent now')
    expect((await failure(at.tunnel({ target: C }))).why).toContain('AmazonSSMManagedInstanceCore')
  })

  it('can be a task of ECS that takes sessions', async () => {
    at.sessions.tasks = [
      { id: '0'.repeat(32), exec: false },
      { id: T1, agent: 'PENDING', service: 'web' },
      { id: T2, service: 'web', runtimeId: `${T2}-0265927825` },
    ]
    expect(await target({ target: 'ecs:my_shop' })).toBe(`ecs:my_shop_${T2}_${T2}-0265927825`)
    expect(await target({ target: 'ecs:my_shop/web' })).toBe(`ecs:my_shop_${T2}_${T2}-0265927825`)
    expect(at.sessions.did('ListTasks').at(-1)).toMatchObject({
      cluster: 'my_shop',
      serviceName: 'web',
      desiredStatus: 'RUNNING',
    })
    expect(await target({ target: `ecs:x_${T1}_${T1}-1` })).toBe(`ecs:x_${T1}_${T1}-1`)
  })

  it('says why no task takes one', async () => {
    expect(await failure(at.tunnel({ target: 'ecs:shop/web' }))).toMatchObject({
      what: 'No task of the service web of the cluster shop takes a session',
      why: 'none runs',
    })
    at.sessions.tasks = [{ id: T1, exec: false }]
    expect((await failure(at.tunnel({ target: 'ecs:shop' }))).why).toContain('enableExecuteCommand')
    at.sessions.tasks = [{ id: T1, agent: 'STOPPED' }]
    expect((await failure(at.tunnel({ target: 'ecs:shop' }))).why).toContain('ssmmessages')
  })
})

describe('the way in', () => {
  it('takes drivers to a real server, encrypted and checked against its own name', async () => {
    const place = await placeOn({ bin: newest.bin, tls: 'required' })
    try {
      const server: Server = { ...place.server, host: 'localhost' }
      const password = place.secrets.give('app', 'correct-horse')
      const sql = openSql({ aws: place.secrets.aws, way: ssmWay(at.options()), caFile: place.pg.caFile })
      await sql.send('CreateRole', { server, name: 'app', password })
      await sql.send('CreateDatabase', { server, name: 'app', owner: 'app', encoding: 'UTF8', collation: '' })
      expect(await sql.send('Login', { server, role: 'app', password, database: 'app' })).toBe('ok')
      expect(await sql.send('Look', { server })).toMatchObject({ is: 'open', via: 'ssm' })
      expect(at.sessions.did('StartSession').length).toBe(1)
      await sql.close()
      expect(at.sessions.did('TerminateSession').length).toBe(1)
      // The same server under a name that its certificate does not have.
      const env = { ...at.plugin.env, STAND_IN_HOST: '127.0.0.1' }
      const other = openSql({ aws: place.secrets.aws, way: ssmWay(at.options({ env })), caFile: place.pg.caFile })
      expect((await failure(other.send('Look', { server: { ...server, host: 'shop-db.example' } }))).name).toBe('TlsRefused')
      await other.close()
    } finally {
      await place.close()
    }
  })

  it('opens one tunnel for each server, and a new one when that has ended', async () => {
    const way = ssmWay(at.options({ env: { ...at.plugin.env, STAND_IN_MODE: 'dies' } }))
    const server: Server = { id: 'x', engine: 'postgres', host: '127.0.0.1', port: at.echo.port, secret: 's' }
    const [a, b] = await Promise.all([way.address?.(server), way.address?.(server)])
    expect(a).toBe(b)
    await until(() => at.said.length > 0)
    expect(at.said).toEqual([expect.stringContaining('has ended')])
    const c = await way.address?.(server)
    expect(c).not.toBe(a)
    await way.close()
    expect((await at.plugin.started()).length).toBe(2)
  })

  it('asks again after a tunnel that did not open', async () => {
    at.sessions.instances = []
    const way = ssmWay(at.options())
    const server: Server = { id: 'x', engine: 'postgres', host: '127.0.0.1', port: at.echo.port, secret: 's' }
    await failure(Promise.resolve(way.address?.(server)))
    at.sessions.instances = [{ id: 'i-00000000000000001', ping: 'Online' }]
    expect(await way.address?.(server)).toMatchObject({ target: 'i-00000000000000001' })
    await way.close()
  })
})
