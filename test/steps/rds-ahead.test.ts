import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { offlineLookups } from '../../src/session/lookups.ts'
import { rdsAhead } from '../../src/session/rds-ahead.ts'
import type { Session } from '../../src/session/session.ts'
import { type Facts, NO_MEMORY } from '../../src/state/memory.ts'
import { read } from '../config/support/read.ts'
import { aws, cloud, type Input } from '../kinds/support/cloud.ts'

const zones = ['us-east-1a', 'us-east-1b']
const offer = ({ EngineVersion, DBInstanceClass }: Input) => ({
  OrderableDBInstanceOptions: ['gp3', 'io1'].map((StorageType) => ({
    EngineVersion,
    DBInstanceClass,
    StorageType,
    MultiAZCapable: true,
    SupportsStorageEncryption: true,
    SupportsPerformanceInsights: true,
    SupportsEnhancedMonitoring: true,
    MinStorageSize: 20,
    MaxStorageSize: 65536,
    AvailabilityZones: zones.map((Name) => ({ Name })),
  })),
})
const PARAMETERS = [
  { ParameterName: 'work_mem', ApplyType: 'dynamic', IsModifiable: true, DataType: 'integer', AllowedValues: '64-2147483647' },
  { ParameterName: 'max_connections', ApplyType: 'static', IsModifiable: true, DataType: 'integer', AllowedValues: '1-262143' },
  { ParameterName: 'fsync', ApplyType: 'dynamic', IsModifiable: false, DataType: 'boolean', AllowedValues: '0,1' },
]
const TARGETS = ['16.9', '16.10', '17.5', '17.6', '18.1']

interface World {
  /** `rds` of infra.yaml, as YAML in one line. */
  readonly rds?: string
  readonly facts?: Facts
  /** What is recorded of the server: its wanted props. */
  readonly recorded?: JsonObject
  /** The version that AWS shows. */
  readonly running?: string
  readonly parameters?: JsonObject
}

/** The answer, and the operations that were asked for it. */
const ahead = async ({ rds = '', facts = {}, recorded, running, parameters = {} }: World) => {
  const config = read(`project: shop\nregion: us-east-1\nrds: { ${rds} }`)
  const account = cloud({
    DescribeDBInstances: { DBInstances: running ? [{ DBInstanceIdentifier: 'shop', EngineVersion: running }] : [] },
    DescribeDBEngineVersions: ({ EngineVersion }: Input) => ({
      DBEngineVersions: EngineVersion
        ? [{ EngineVersion, ValidUpgradeTarget: TARGETS.map((v) => ({ EngineVersion: v })) }]
        : ['13.22', '16.9', '16.10', '17.6'].map((v) => ({ EngineVersion: v })),
    }),
    DescribeOrderableDBInstanceOptions: offer,
    DescribeEngineDefaultParameters: ({ Filters }: Input) => {
      const names = (Filters as { Values: string[] }[] | undefined)?.[0]?.Values
      return { EngineDefaults: { Parameters: PARAMETERS.filter((p) => names?.includes(p.ParameterName) ?? true) } }
    },
  })
  const rows: Record<string, object> = {
    ...(recorded ? { 'db-instance': { attrs: { id: 'shop' }, want: recorded } } : {}),
    ...(recorded ? { 'db-parameter-group': { want: { parameters } } } : {}),
  }
  const s = { config, aws, state: { facts, row: (key: string) => rows[key] } } as unknown as Session
  const found = await rdsAhead(s, offlineLookups(config, { facts, services: {} }, '1'), Promise.resolve(zones))
  return { ...found, asked: account.sent.map(([operation]) => operation.replace('Describe', '')) }
}
const refused = (world: World) =>
  ahead(world).then(
    () => 'not refused',
    (e: { what: string; why?: string; next?: string }) => [e.what, e.why, e.next].join('\n'),
  )
const made = {
  engine: 'postgres',
  version: '16.9',
  instanceClass: 'db.t4g.micro',
  storageType: 'gp3',
  allocatedGb: 20,
  multiAz: false,
  encrypted: true,
}

describe('before a server is made', () => {
  it('its exact version is looked up, and that AWS has it to offer', async () => {
    expect(await ahead({})).toEqual({ engineVersion: '16.10', asked: ['DBEngineVersions', 'OrderableDBInstanceOptions'] })
  })

  it('a class that AWS does not have is refused', async () => {
    expect(await refused({ rds: 'storageType: gp2' })).toMatch(
      /^rds.storageType is gp2, which AWS does not offer.*\nit takes gp3, io1/,
    )
  })

  describe('when standard support has ended', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-30T12:00:00Z') }))
    afterEach(() => void vi.useRealTimers())
    it('it is refused, unless the cost of Extended Support is taken', async () => {
      expect(await refused({ rds: 'version: "13"' })).toMatch(
        /^rds.version is 13: standard support for postgres 13 ended on 2026-02-28\n.*\n.*rds.extendedSupport: true/,
      )
      expect(await ahead({ rds: 'version: "13", extendedSupport: true' })).toMatchObject({ engineVersion: '13.22' })
    })
    it('and not where it runs already', async () => {
      const runs = { ...made, version: '13.20', instanceClass: 'db.t4g.small' }
      expect(
        await ahead({ rds: 'version: "13"', facts: { engineVersion: '13.20' }, recorded: runs, running: '13.20' }),
      ).toMatchObject({
        engineVersion: '13.20',
      })
    })
  })
})

describe('of a server that is there', () => {
  it('nothing is asked while nothing changes', async () => {
    expect(await ahead({ facts: { engineVersion: '16.9' }, recorded: made })).toEqual({ engineVersion: '16.9', asked: [] })
  })

  it('another class is checked, for the major version that runs', async () => {
    const { asked } = await ahead({
      rds: 'instanceClass: db.t4g.small',
      facts: { engineVersion: '16.9' },
      recorded: made,
      running: '16.10',
    })
    expect(asked).toEqual(['DBInstances', 'OrderableDBInstanceOptions'])
  })

  it.each([
    ['a new major: the newest that AWS upgrades to', '"17"', '16.9', '17.6'],
    ['an exact one', '"17.5"', '16.9', '17.5'],
    ['a newer minor one', '"16.10"', '16.9', '16.10'],
    ['AWS has upgraded it already, further than asked', '"16.10"', '16.11', '16.10'],
    ['the major that it runs', '"16"', '16.10', '16.10'],
  ])('its version: %s', async (_, version, running, expected) => {
    const facts = version === '"16"' ? {} : { engineVersion: '16.9' }
    expect(await ahead({ rds: `version: ${version}`, facts, recorded: made, running })).toMatchObject({
      engineVersion: expected,
    })
  })

  it('a version that AWS does not upgrade to is refused with the list', async () => {
    expect(await refused({ rds: 'version: "19"', facts: { engineVersion: '16.9' }, recorded: made, running: '16.9' })).toMatch(
      /^rds.version is 19, and AWS does not upgrade postgres 16.9 to it\nit upgrades it to 16.10, 17.6, 18.1/,
    )
  })

  it('an adopted one is nobody to ask about', async () => {
    const config = read('project: shop\nregion: us-east-1\nrds: { version: "17" }')
    const s = { config, aws, state: { facts: {}, row: () => ({ adopted: true }) } } as unknown as Session
    cloud({})
    expect(await rdsAhead(s, offlineLookups(config, NO_MEMORY, '1'), Promise.resolve(zones))).toEqual({ engineVersion: '17' })
  })
})

describe('parameters', () => {
  const known = { engineVersion: '16.9', parameters: { family: 'postgres16', known: ['work_mem'], static: [] } }
  it('are asked for once, and AWS says which need a restart', async () => {
    const first = await ahead({ rds: 'parameters: { work_mem: 8192, max_connections: 200 }' })
    expect(first.parameters).toEqual({
      family: 'postgres16',
      known: ['max_connections', 'work_mem'],
      static: ['max_connections'],
    })
    const again = await ahead({
      rds: 'parameters: { work_mem: 8192 }',
      facts: known,
      recorded: made,
      parameters: { work_mem: '8192' },
    })
    expect(again).toEqual({ engineVersion: '16.9', parameters: known.parameters, asked: [] })
  })

  it('are asked for again with another value, and what was known of others stays known', async () => {
    const changed = await ahead({
      rds: 'parameters: { max_connections: 200 }',
      facts: known,
      recorded: made,
      parameters: { work_mem: '8192' },
    })
    expect(changed.parameters).toEqual({
      family: 'postgres16',
      known: ['max_connections', 'work_mem'],
      static: ['max_connections'],
    })
    expect(changed.asked).toEqual(['EngineDefaultParameters'])
  })

  it.each([
    ['work_men: 1', /^rds.parameters has work_men, which is not a parameter of postgres16\ndid you mean work_mem\?\n/],
    ['nonsense_beyond: 1', /AWS knows none of that name\n/],
    ['fsync: 0', /^rds.parameters sets fsync, which AWS does not let you set/],
    [
      'work_mem: 1',
      /^rds.parameters.work_mem is 1, which AWS does not take\nit takes 64-2147483647\nChange rds.parameters.work_mem/,
    ],
  ])('%s is refused', async (parameters, expected) => {
    expect(await refused({ rds: `parameters: { ${parameters} }` })).toMatch(expected)
  })
})
