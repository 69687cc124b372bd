import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../src/config/read.ts'
import { answers } from '../../../src/database/knock.ts'
import type { Plan } from '../../../src/engine/plan.ts'
import { findWay, noContainer, otherWay, reachable, setWay } from '../../../src/session/database-access/find.ts'
import { rememberSilent, wasSilent } from '../../../src/session/database-access/memory.ts'
import { withWay } from '../../../src/session/database-access/plan.ts'
import type { Session } from '../../../src/session/session.ts'
import type { View } from '../../../src/session/survey.ts'

const open: Server[] = []
afterAll(() => {
  for (const server of open) server.close()
})
/** A server on this machine that does this with whoever comes. */
const listening = async (welcome: (socket: Socket) => void): Promise<{ host: string; port: number; engine: 'postgres' }> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    welcome(socket)
  })
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, engine: 'postgres' }
}

describe('a knock at the address of a database server', () => {
  it('is answered by PostgreSQL before any login, and by MySQL without a question', async () => {
    const heard: Buffer[] = []
    const postgres = await listening((socket) =>
      socket.on('data', (d) => {
        heard.push(d)
        socket.write('S')
      }),
    )
    expect(await answers(postgres, 2000, false)).toBe(true)
    expect(Buffer.concat(heard).readInt32BE(4)).toBe(80_877_103)
    const mysql = await listening((socket) => socket.write('greeting'))
    expect(await answers({ ...mysql, engine: 'mysql' }, 2000, false)).toBe(true)
  })

  it('is not answered by what only takes the connection, or hangs up', async () => {
    expect(await answers(await listening(() => undefined), 100, false)).toBe(false)
    expect(await answers(await listening((socket) => socket.destroy()), 2000, false)).toBe(false)
  })

  it('on this machine an address is enough, and so is a tunnel that is not up: what is wrong is told by whoever goes in', async () => {
    expect(await answers(await listening(() => undefined), 2000)).toBe(true)
    expect(await answers({ host: '127.0.0.1', port: 1, engine: 'postgres' }, 2000)).toBe(true)
    expect(await answers({ host: '127.0.0.1', port: 1, engine: 'postgres' }, 2000, false)).toBe(false)
  })
})

const NETWORK = { vpcId: 'vpc-1', publicSubnetIds: ['subnet-p'], privateSubnetIds: ['subnet-a', 'subnet-b'] }
interface Given {
  readonly yaml?: object
  readonly sandbox?: boolean
  readonly privateDatabases?: boolean
  readonly tables?: readonly object[]
}
const session = ({ yaml = {}, sandbox = false, privateDatabases = false, tables = [] }: Given = {}): Session => {
  const steps = ['vpc', 'security-groups', 'secrets', 'rds', 'databases']
  const config = readConfig({ project: 'shop', environment: 'dev', region: 'us-east-1', steps, ...yaml }, {}, 'test')
  const aws = { ec2: async () => ({ RouteTables: tables }) }
  const state = { facts: {}, services: {}, row: () => undefined, all: () => new Map() }
  return { config, sandbox, privateDatabases, aws, state, caller: { account: '', partition: 'aws' } } as unknown as Session
}
const EXISTING = { vpc: { mode: 'existing', id: 'vpc-00000001', privateSubnetIds: ['subnet-00000001', 'subnet-00000002'] } }
const table = (of: { SubnetId: string } | { Main: true }, route: object) => ({
  Associations: [of],
  Routes: [{ DestinationCidrBlock: '0.0.0.0/0', State: 'active', ...route }],
})

describe('the way that is set', () => {
  it.each([
    [{}, undefined, undefined],
    [{ yaml: { databases: { via: 'auto' } } }, undefined, undefined],
    [{ yaml: { databases: { via: 'ssm' } } }, undefined, 'ssm'],
    [{ yaml: { databases: { via: 'ssm' } } }, 'task', 'task'],
    [{ sandbox: true, yaml: { databases: { via: 'ssm' } } }, 'task', 'direct'],
    [{ sandbox: true, privateDatabases: true }, undefined, undefined],
    [{ sandbox: true, privateDatabases: true, yaml: { databases: { via: 'print' } } }, undefined, 'print'],
  ] as const)('%j with --via %s is %s', (given, flag, via) => expect(setWay(session(given), flag)).toBe(via))
})

describe('the way where the server does not answer from here', () => {
  const MYSQL = { rds: { engine: 'mysql' } }
  it('is a container in a network of our own, whatever its private subnets lead to', async () => {
    expect(await otherWay(session(), 'sql')).toBe('task')
  })

  it.each([
    ['a public subnet with an internet gateway', [table({ SubnetId: 'subnet-p' }, { GatewayId: 'igw-1' })], true],
    ['a private subnet with a NAT gateway', [table({ SubnetId: 'subnet-b' }, { NatGatewayId: 'nat-1' })], true],
    ['the main table, with a transit gateway', [table({ Main: true }, { TransitGatewayId: 'tgw-1' })], true],
    ['a private subnet with an internet gateway only', [table({ SubnetId: 'subnet-a' }, { GatewayId: 'igw-1' })], false],
    ['a NAT gateway that is gone', [table({ SubnetId: 'subnet-a' }, { NatGatewayId: 'nat-1', State: 'blackhole' })], false],
    [
      'a table of its own that leads nowhere, beside a main one that does',
      [
        table({ Main: true }, { NatGatewayId: 'nat-1' }),
        ...['p', 'a', 'b'].map((s) => ({ Associations: [{ SubnetId: `subnet-${s}` }], Routes: [] })),
      ],
      false,
    ],
  ])('in a network of others: %s', async (_, tables, leads) => {
    const why = await noContainer(session({ yaml: EXISTING, tables }), NETWORK)
    expect(why === undefined).toBe(leads)
    if (!leads) expect(why).toMatch(/no subnet of vpc-1 has a route to the internet/)
  })

  it('is a tunnel for MySQL and for streams, where something is there that it goes through', async () => {
    const bastion = { steps: ['vpc', 'security-groups', 'secrets', 'rds', 'bastion', 'databases'] }
    expect(await otherWay(session({ yaml: { ...MYSQL, ...bastion } }), 'sql')).toBe('ssm')
    expect(await otherWay(session({ yaml: { databases: { target: 'i-0123456789abcdef0' } } }), 'stream')).toBe('ssm')
  })

  it('else there is none, and what would make one is said', async () => {
    const refusal = { exitCode: 2, what: 'Nothing leads into the database server' }
    await expect(otherWay(session({ yaml: MYSQL }), 'sql')).rejects.toMatchObject({
      ...refusal,
      why: expect.stringContaining('PostgreSQL only'),
      next: expect.not.stringContaining('print'),
    })
    await expect(otherWay(session(), 'stream')).rejects.toMatchObject({ ...refusal, next: expect.stringContaining('VPN') })
    await expect(otherWay(session({ yaml: EXISTING }), 'sql', NETWORK)).rejects.toMatchObject({
      ...refusal,
      next: expect.stringMatching(/bastion.*NAT gateway.*direct.*print/),
    })
  })
})

describe('an address that did not answer', () => {
  let folder: string
  const silent = { host: '127.0.0.1', port: 1, engine: 'postgres' as const, id: 'db', secret: 's' }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'infra-way-'))
    vi.stubEnv('INFRA_CACHE_DIR', folder)
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-30T12:00:00Z') })
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.useRealTimers()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is not tried again within the hour, and then it is', async () => {
    await rememberSilent('127.0.0.1:1', true)
    expect(await reachable(silent)).toBe(false)
    expect(await findWay(session(), silent, 'sql')).toBe('task')
    vi.setSystemTime(new Date('2026-11-30T13:00:01Z'))
    expect(await findWay(session(), silent, 'sql')).toBe('direct')
  })

  it('counts in the network only in which it was silent, and no more once it was reached', async () => {
    await rememberSilent('10.0.0.5:5432', true)
    expect([await wasSilent('10.0.0.5:5432'), await wasSilent('10.0.0.6:5432')]).toEqual([true, false])
    await rememberSilent('10.0.0.5:5432', false)
    expect(await wasSilent('10.0.0.5:5432')).toBe(false)
    await rememberSilent('10.0.0.5:5432', true)
    const file = join(folder, 'unreachable.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"from":"\w+"/, '"from":"elsewhere"'))
    expect(await wasSilent('10.0.0.5:5432')).toBe(false)
    writeFileSync(file, '{ half')
    expect(await wasSilent('10.0.0.5:5432')).toBe(false)
  })
})

describe('a plan with work inside the server', () => {
  afterEach(() => vi.unstubAllEnvs())
  const action = { action: 'create', key: 'sql-role-shop', type: 'sql.role' }
  const plan = (actions: object[] = [action]) => ({ actions, minutes: 12, problems: [] }) as unknown as Plan
  const view = { survey: new Map(), lookups: {} } as unknown as View
  const of = (yaml: object, via?: 'ssm') => ({ ...session({ yaml }), inside: { override: via } }) as unknown as Session

  it('says that a container goes in, and takes two minutes more', async () => {
    const { plan: told, way } = await withWay(of({}), view, plan())
    expect([told.minutes, told.problems, way?.via]).toEqual([14, [], 'task'])
    expect(way?.note).toMatch(/less than a cent.*Only if it answers from here is no container needed/)
  })

  it('says nothing where nothing is to be done inside, or a person does it', async () => {
    expect(await withWay(of({}), view, plan([{ ...action, action: 'keep' }]))).not.toHaveProperty('way')
    expect(await withWay(of({ databases: { via: 'print' } }), view, plan())).not.toHaveProperty('way')
  })

  it('by ssm is refused before anything is made, where the plugin is missing or nothing will be there to go through', async () => {
    vi.stubEnv('PATH', '')
    const without = await withWay(of({}, 'ssm'), view, plan())
    expect(without.plan.problems).toMatchObject([{ what: expect.stringContaining('session-manager-plugin'), exitCode: 2 }])
    const folder = mkdtempSync(join(tmpdir(), 'infra-plugin-'))
    writeFileSync(join(folder, 'session-manager-plugin'), '#!/bin/sh\necho 1.2.764.0\n', { mode: 0o755 })
    vi.stubEnv('PATH', folder)
    const empty = await withWay(of({ databases: { via: 'ssm' } }), view, plan())
    expect(empty.plan.problems).toMatchObject([
      { why: expect.stringContaining('nothing will run in the new network'), exitCode: 2 },
    ])
    const named = await withWay(of({ databases: { via: 'ssm', target: 'i-0123456789abcdef0' } }), view, plan())
    expect([named.plan.problems, named.way]).toEqual([[], { via: 'ssm' }])
    rmSync(folder, { recursive: true })
  })
})
