import type { OrderableDBInstanceOption } from '@aws-sdk/client-rds'
import { describe, expect, it } from 'vitest'
import { checkOrder, type Order, parametersOf, takes, upgradeTarget } from '../../src/aws/rds-offers.ts'
import { aws, cloud, type Input } from '../kinds/support/cloud.ts'

const order: Order = {
  engine: 'postgres',
  version: '16.10',
  instanceClass: 'db.t4g.micro',
  storageType: 'gp3',
  allocatedGb: 20,
  multiAz: false,
  encrypted: true,
  monitoring: true,
  insights: true,
  zones: ['us-east-1a', 'us-east-1b'],
}
const offer = (more: OrderableDBInstanceOption = {}): OrderableDBInstanceOption => ({
  Engine: 'postgres',
  EngineVersion: '16.10',
  DBInstanceClass: 'db.t4g.micro',
  StorageType: 'gp3',
  MultiAZCapable: true,
  SupportsStorageEncryption: true,
  SupportsPerformanceInsights: true,
  SupportsEnhancedMonitoring: true,
  MinStorageSize: 20,
  MaxStorageSize: 65536,
  AvailabilityZones: [{ Name: 'us-east-1a' }, { Name: 'us-east-1b' }],
  ...more,
})
const provisioned = {
  StorageType: 'io1',
  MinStorageSize: 100,
  MinIopsPerDbInstance: 1000,
  MaxIopsPerDbInstance: 64000,
  MinIopsPerGib: 0.5,
  MaxIopsPerGib: 50,
}
/** What AWS offers, filtered as AWS does. */
const offers = (all: readonly OrderableDBInstanceOption[]) =>
  cloud({
    DescribeOrderableDBInstanceOptions: ({ EngineVersion, DBInstanceClass }: Input) => ({
      OrderableDBInstanceOptions: all.filter(
        (o) =>
          (EngineVersion ?? o.EngineVersion) === o.EngineVersion && (DBInstanceClass ?? o.DBInstanceClass) === o.DBInstanceClass,
      ),
    }),
  })
const refusal = async (wish: Partial<Order>, all: readonly OrderableDBInstanceOption[], running = false) => {
  offers(all)
  return await checkOrder(aws, { ...order, ...wish }, running).then(
    () => undefined,
    (e: { what: string; why?: string; next?: string; exitCode: number }) => {
      expect(e.exitCode).toBe(2)
      return `${e.what}: ${e.why}. ${e.next}`
    },
  )
}

describe('checkOrder', () => {
  it('is one call where AWS has it', async () => {
    const account = offers([offer()])
    await checkOrder(aws, order)
    expect(account.sent).toEqual([
      [
        'DescribeOrderableDBInstanceOptions',
        { Engine: 'postgres', EngineVersion: '16.10', DBInstanceClass: 'db.t4g.micro', MaxRecords: 100 },
      ],
    ])
  })

  it('names the classes that can be had, the likest first', async () => {
    const classes = ['db.m7g.large', 'db.r6g.large', 'db.t4g.medium', 'db.t4g.small', 'db.t3.micro', 'db.m7g.xlarge']
    expect(
      await refusal(
        { instanceClass: 'db.t9.micro' },
        classes.map((DBInstanceClass) => offer({ DBInstanceClass })),
      ),
    ).toBe(
      'rds.instanceClass is db.t9.micro, which RDS does not offer for postgres 16.10 in this region: it offers db.t3.micro, db.m7g.large, db.m7g.xlarge, db.r6g.large, db.t4g.medium, db.t4g.small. Set one of them, for example rds.instanceClass: db.t3.micro',
    )
    const many = Array.from({ length: 20 }, (_, i) => offer({ DBInstanceClass: `db.m7g.${i + 2}xlarge` }))
    expect(await refusal({ instanceClass: 'db.m7g.64xlarge' }, many)).toContain(' and 8 more')
  })

  it('reads all pages', async () => {
    const account = cloud({
      DescribeOrderableDBInstanceOptions: ({ Marker }: Input) =>
        Marker
          ? { OrderableDBInstanceOptions: [offer()] }
          : { OrderableDBInstanceOptions: [offer({ StorageType: 'gp2' })], Marker: 'm' },
    })
    await checkOrder(aws, order)
    expect(account.sent).toHaveLength(2)
  })

  it.each<[string, Partial<Order>, OrderableDBInstanceOption, string]>([
    [
      'another type of storage',
      { storageType: 'io2' },
      {},
      'rds.storageType is io2, .*: it takes gp3\\. Change rds.storageType or',
    ],
    [
      'storage that is too small',
      { storageType: 'io1', allocatedGb: 50 },
      provisioned,
      'rds.allocatedGb is 50, .*: io1 there takes 100 to 65536',
    ],
    [
      'too many IOPS',
      { storageType: 'io1', allocatedGb: 9999, iops: 99999 },
      provisioned,
      'rds.iops is 99999, .*: it takes 1000 to 64000',
    ],
    [
      'IOPS beyond its storage',
      { storageType: 'io1', allocatedGb: 100, iops: 6000 },
      provisioned,
      'takes 0.5 to 50 for each GiB, so 50 to 5000',
    ],
    ['a standby', { multiAz: true }, { MultiAZCapable: false }, 'rds.multiAz is true, .*: this class has no Multi-AZ'],
    ['encryption', {}, { SupportsStorageEncryption: false }, 'rds.storageEncrypted is true, .*: it cannot encrypt'],
    ['Performance Insights', {}, { SupportsPerformanceInsights: false }, 'it has no Performance Insights'],
    ['monitoring', {}, { SupportsEnhancedMonitoring: false }, 'no enhanced monitoring \\(0 switches it off\\)'],
    [
      'the zones',
      {},
      { AvailabilityZones: [{ Name: 'us-east-1c' }] },
      'zones of the subnets \\(us-east-1a, us-east-1b\\): it is offered in us-east-1c',
    ],
    ['two zones', { multiAz: true }, { AvailabilityZones: [{ Name: 'us-east-1a' }] }, 'in two of the zones of the subnets'],
  ])('refuses %s', async (_, wish, shown, expected) => {
    expect(await refusal(wish, [offer(shown)])).toMatch(new RegExp(expected))
  })

  it('does not mind zones that are not known, nor what is switched off', async () => {
    const poor = offer({
      SupportsPerformanceInsights: false,
      SupportsEnhancedMonitoring: false,
      AvailabilityZones: [{ Name: 'us-east-1f' }],
    })
    expect(await refusal({ insights: false, monitoring: false, zones: [] }, [poor])).toBeUndefined()
  })

  it('takes a server that runs by its major version: its minor one may not be offered to new ones any more', async () => {
    const newer = [offer({ EngineVersion: '16.11' }), offer({ EngineVersion: '15.14', DBInstanceClass: 'db.m5.large' })]
    expect(await refusal({}, newer, true)).toBeUndefined()
    expect(await refusal({}, newer)).toContain('does not offer for postgres 16.10')
    expect(await refusal({ instanceClass: 'db.m5.large' }, newer, true)).toContain('db.m5.large, which RDS does not offer')
  })
})

describe('upgradeTarget', () => {
  const from = (targets: readonly string[]) =>
    cloud({
      DescribeDBEngineVersions: {
        DBEngineVersions: [{ EngineVersion: '16.9', ValidUpgradeTarget: targets.map((EngineVersion) => ({ EngineVersion })) }],
      },
    })
  it('is the newest that AWS offers from there for what was asked, also from a version that is not offered any more', async () => {
    const account = from(['16.10', '17.9', '17.10', '17.5', '18.1'])
    expect(await upgradeTarget(aws, 'postgres', '16.9', '17')).toBe('17.10')
    expect(await upgradeTarget(aws, 'postgres', '16.9', '17.5')).toBe('17.5')
    expect(account.sent[0]).toEqual(['DescribeDBEngineVersions', { Engine: 'postgres', EngineVersion: '16.9', IncludeAll: true }])
  })

  it('names what there is where that is not among it', async () => {
    from(['16.10', '17.5', '17.6'])
    await expect(upgradeTarget(aws, 'postgres', '16.9', '18')).rejects.toMatchObject({
      what: 'rds.version is 18, and AWS does not upgrade postgres 16.9 to it',
      why: 'it upgrades it to 16.10, 17.6 (the newest of each major version)',
      next: 'Set rds.version to one of them, for example "17.6"',
      exitCode: 2,
    })
    from([])
    await expect(upgradeTarget(aws, 'postgres', '16.9', '18')).rejects.toMatchObject({ why: 'it offers no upgrade from there' })
  })
})

describe('parameters', () => {
  it('are asked for by name in one call, and read to the last page', async () => {
    const account = cloud({
      DescribeEngineDefaultParameters: ({ Marker }: Input) => ({
        EngineDefaults: Marker
          ? {
              Parameters: [
                {
                  ParameterName: 'max_connections',
                  ApplyType: 'static',
                  IsModifiable: true,
                  DataType: 'integer',
                  AllowedValues: '1-262143',
                },
              ],
            }
          : { Parameters: [{ ParameterName: 'fsync', ApplyType: 'dynamic', IsModifiable: false }], Marker: 'm' },
      }),
    })
    expect(await parametersOf(aws, 'postgres16', ['fsync', 'max_connections'])).toEqual([
      { name: 'fsync', static: false, modifiable: false, type: 'string', allowed: '' },
      { name: 'max_connections', static: true, modifiable: true, type: 'integer', allowed: '1-262143' },
    ])
    expect(account.sent[0]?.[1]).toMatchObject({ Filters: [{ Name: 'parameter-name', Values: ['fsync', 'max_connections'] }] })
  })

  const of = (allowed: string, type = 'integer') => ({ name: 'p', static: false, modifiable: true, type, allowed })
  it.each<[string, string, string, boolean]>([
    ['64-2147483647', 'integer', '4096', true],
    ['64-2147483647', 'integer', '63', false],
    ['64-2147483647', 'integer', '64MB', false],
    ['-1-100', 'float', '-1', true],
    ['-1-100', 'float', '2.5', true],
    ['-1-100', 'float', '-2', false],
    ['0,1', 'boolean', '1', true],
    ['0,1', 'boolean', 'on', false],
    ['none,ddl,mod,all', 'string', 'DDL', true],
    ['none,ddl,mod,all', 'string', 'some', false],
    ['pg_stat_statements,pg_cron', 'list', 'pg_cron, pg_stat_statements', true],
    ['pg_stat_statements,pg_cron', 'list', 'pg_cron,other', false],
    ['64-2147483647', 'integer', '{DBInstanceClassMemory/32768}', true],
    ['1-262143', 'integer', 'LEAST({DBInstanceClassMemory/9531392},5000)', true],
    ['', 'string', 'anything', true],
    ['^[a-z]+$', 'string', 'A1', true],
  ])('of %s (%s): takes %s: %s', (allowed, type, value, expected) => {
    expect(takes(of(allowed, type), value)).toBe(expected)
  })
})
