import { describe, expect, it } from 'vitest'
import { DbInstance } from '../../../src/kinds/rds/db-instance.ts'
import { database, instance } from '../fixtures/db-instance.ts'
import { aws, awsError, cloud, stamp, TAG_LIST } from '../support/cloud.ts'

const attrs = { id: 'shop-dev-thing', arn: 'arn:db' }
const look = (shown: object) => {
  cloud({ DescribeDBInstances: { DBInstances: [{ ...instance, TagList: TAG_LIST, ...shown }] } })
  return DbInstance.observe(aws, stamp, database, attrs)
}
const created = async (wanted: Partial<typeof database>) => {
  const account = cloud({ GetSecretValue: { SecretString: '{"master_password":"Geheim123"}' }, CreateDBInstance: {} })
  const made = await DbInstance.create(aws, { ...database, ...wanted }, stamp)
  return { made, input: account.writes[0]?.[1] ?? {} }
}

describe('observe', () => {
  it.each([true, false])('deletion protection %s: guarded', async (DeletionProtection) => {
    expect(await look({ DeletionProtection })).toMatchObject({ guarded: DeletionProtection })
  })

  it('stopped: says when AWS starts it again, and how to start it before', async () => {
    const AutomaticRestartTime = new Date('2026-11-29T14:05:00Z')
    const stopped = { DBInstanceStatus: 'stopped', AutomaticRestartTime }
    expect(await look(stopped)).toMatchObject({
      is: 'ready',
      note: 'stopped; AWS starts it again on 2026-11-29',
      asleep: 'aws rds start-db-instance --db-instance-identifier shop-dev-thing',
    })
    expect(await look({ DBInstanceStatus: 'stopped' })).toMatchObject({ note: 'stopped; AWS starts it again within 7 days' })
    cloud({ DescribeDBInstances: { DBInstances: [{ ...instance, ...stopped }] } })
    expect(await DbInstance.observe(aws, { ...stamp, key: 'db-instance' }, database, attrs)).toMatchObject({
      asleep: 'infra db start',
    })
    expect(await look({})).not.toHaveProperty('asleep')
  })

  it('shows the status word of AWS, and no endpoint before there is one', async () => {
    const seen = await look({ DBInstanceStatus: 'creating', Endpoint: undefined })
    expect(seen).toMatchObject({ is: 'pending', note: 'creating' })
    expect(seen.is !== 'absent' && seen.attrs).toEqual({ id: 'shop-dev-thing', arn: instance.DBInstanceArn })
  })
})

describe('create', () => {
  it('never hands the password on: it is in the request and nowhere else', async () => {
    const { made, input } = await created({})
    expect(input.MasterUserPassword).toBe('Geheim123')
    expect(JSON.stringify(made)).not.toContain('Geheim123')
    expect(made.ready).toBeUndefined()
  })

  it('leaves out what is not wanted', async () => {
    const { databaseName: _d, monitoringRoleArn: _r, ...rest } = database
    const account = cloud({ GetSecretValue: { SecretString: '{"master_password":"Geheim123"}' }, CreateDBInstance: {} })
    await DbInstance.create(aws, { ...rest, maxAllocatedGb: 20, performanceInsights: false, monitoringInterval: 0 }, stamp)
    const input = account.writes[0]?.[1] ?? {}
    for (const name of ['MaxAllocatedStorage', 'PerformanceInsightsRetentionPeriod', 'KmsKeyId', 'DBName', 'MonitoringRoleArn'])
      expect(input).not.toHaveProperty(name)
    expect(input).toMatchObject({ EnablePerformanceInsights: false, PubliclyAccessible: false, CopyTagsToSnapshot: true })
  })

  it('sends the key that encrypts', async () => {
    expect((await created({ kmsKey: 'alias/shop' })).input.KmsKeyId).toBe('alias/shop')
  })

  it.each([
    ['is missing', '{"username":"postgres"}'],
    ['is empty', '{"master_password":""}'],
    ['is no text', '{"master_password":12345678}'],
  ])('is refused before anything is made when the password %s', async (_, SecretString) => {
    const account = cloud({ GetSecretValue: { SecretString }, CreateDBInstance: {} })
    await expect(DbInstance.create(aws, database, stamp)).rejects.toThrow('The secret rds/shop/master has no master_password')
    expect(account.writes).toEqual([])
  })

  it('takes its error from AWS as it is: the engine knows what to do with it', async () => {
    cloud({
      GetSecretValue: { SecretString: '{"master_password":"x"}' },
      CreateDBInstance: awsError('DBInstanceAlreadyExistsFault'),
    })
    await expect(DbInstance.create(aws, database, stamp)).rejects.toMatchObject({ name: 'DBInstanceAlreadyExistsFault' })
  })
})

describe('create from a snapshot', () => {
  it('is a restore into the same network with the same groups and parameters; the password comes with the data', async () => {
    const account = cloud({
      RestoreDBInstanceFromDBSnapshot: { DBInstance: { DBInstanceIdentifier: 'shop-dev-thing', DBInstanceArn: 'arn:db' } },
    })
    const made = await DbInstance.create(aws, { ...database, fromSnapshot: 'before-upgrade' }, stamp)
    expect(made).toEqual({ attrs })
    expect(account.sent).toEqual([
      [
        'RestoreDBInstanceFromDBSnapshot',
        {
          DBInstanceIdentifier: 'shop-dev-thing',
          DBSnapshotIdentifier: 'before-upgrade',
          DBInstanceClass: 'db.t4g.small',
          Port: 5432,
          DBSubnetGroupName: 'shop-dev-subnets',
          VpcSecurityGroupIds: ['sg-b', 'sg-a'],
          DBParameterGroupName: 'shop-dev-parameters',
          MultiAZ: false,
          PubliclyAccessible: false,
          AutoMinorVersionUpgrade: true,
          EnableCloudwatchLogsExports: ['postgresql'],
          DeletionProtection: true,
          CopyTagsToSnapshot: true,
          EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
          Tags: TAG_LIST,
        },
      ],
    ])
  })
})

describe('create as of a point in time', () => {
  it.each([
    ['2026-11-30T10:15:00Z', { RestoreTime: new Date('2026-11-30T10:15:00Z') }],
    ['latest', { UseLatestRestorableTime: true }],
  ])('%s: a restore of that server into the same network with the same groups and parameters', async (toTime, moment) => {
    const account = cloud({
      RestoreDBInstanceToPointInTime: { DBInstance: { DBInstanceIdentifier: 'shop-dev-thing', DBInstanceArn: 'arn:db' } },
    })
    expect(await DbInstance.create(aws, { ...database, fromServer: 'shop-db', toTime }, stamp)).toEqual({ attrs })
    expect(account.sent).toEqual([
      [
        'RestoreDBInstanceToPointInTime',
        {
          SourceDBInstanceIdentifier: 'shop-db',
          TargetDBInstanceIdentifier: 'shop-dev-thing',
          ...moment,
          DBInstanceClass: 'db.t4g.small',
          Port: 5432,
          DBSubnetGroupName: 'shop-dev-subnets',
          VpcSecurityGroupIds: ['sg-b', 'sg-a'],
          DBParameterGroupName: 'shop-dev-parameters',
          MultiAZ: false,
          PubliclyAccessible: false,
          AutoMinorVersionUpgrade: true,
          EnableCloudwatchLogsExports: ['postgresql'],
          DeletionProtection: true,
          CopyTagsToSnapshot: true,
          EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
          Tags: TAG_LIST,
        },
      ],
    ])
  })
})

describe('update', () => {
  it('sends all changed props in one call and no others, and is waited for', async () => {
    const account = cloud({ ModifyDBInstance: {}, DescribeDBInstances: { DBInstances: [instance] } })
    const want = { ...database, instanceClass: 'db.t4g.medium', multiAz: true, applyImmediately: false }
    expect(await DbInstance.update?.(aws, attrs, want, ['instanceClass', 'multiAz'])).toBe('pending')
    expect(account.writes).toEqual([
      [
        'ModifyDBInstance',
        { DBInstanceIdentifier: 'shop-dev-thing', ApplyImmediately: false, DBInstanceClass: 'db.t4g.medium', MultiAZ: true },
      ],
    ])
  })

  const sends = async (shown: object, wanted: Partial<typeof database>, changed: (keyof typeof database)[]) => {
    const account = cloud({ ModifyDBInstance: {}, DescribeDBInstances: { DBInstances: [{ ...instance, ...shown }] } })
    await DbInstance.update?.(aws, attrs, { ...database, ...wanted }, changed)
    return account.writes.map(([, { DBInstanceIdentifier: _, ...input }]) => input)
  }

  it('takes back what is scheduled at once, in a call of its own: the rest keeps waiting for the window', async () => {
    const wanted = { applyImmediately: false, multiAz: true }
    const pending = { PendingModifiedValues: { DBInstanceClass: 'db.t4g.large' } }
    expect(await sends(pending, wanted, ['instanceClass', 'multiAz'])).toEqual([
      { ApplyImmediately: true, DBInstanceClass: 'db.t4g.small' },
      { ApplyImmediately: false, MultiAZ: true },
    ])
    expect(await sends(pending, { applyImmediately: true }, ['instanceClass'])).toEqual([
      { ApplyImmediately: true, DBInstanceClass: 'db.t4g.small' },
    ])
  })

  it('a major upgrade that is scheduled is taken back with its parameter group, in one call', async () => {
    const pending = {
      PendingModifiedValues: { EngineVersion: '17.6' },
      DBParameterGroups: [{ DBParameterGroupName: 'shop-dev-16', ParameterApplyStatus: 'in-sync' }],
    }
    const wanted = { applyImmediately: false, parameterGroup: 'shop-dev-16' }
    expect(await sends(pending, wanted, ['version', 'parameterGroup'])).toEqual([
      { ApplyImmediately: true, EngineVersion: '16.4', DBParameterGroupName: 'shop-dev-16' },
    ])
  })

  it('upgrades within a major without the word that a new major needs, and never takes a version back', async () => {
    expect(await sends({}, { version: '16.9' }, ['version'])).toEqual([{ ApplyImmediately: true, EngineVersion: '16.9' }])
    await expect(sends({ EngineVersion: '17.6' }, {}, ['version'])).rejects.toMatchObject({
      what: 'rds.version is 16.4, but the server runs postgres 17.6',
      next: expect.stringContaining('Set rds.version: "17"'),
    })
  })

  it('sends storage and IOPS together where IOPS are provisioned, and never less than what has grown', async () => {
    const wanted = { storageType: 'io1', iops: 3000, allocatedGb: 100 }
    const both = { ApplyImmediately: true, Iops: 3000, AllocatedStorage: 120 }
    const grown = { AllocatedStorage: 120 }
    expect(await sends(grown, wanted, ['iops'])).toEqual([both])
    expect(await sends(grown, wanted, ['storageType'])).toEqual([{ ...both, StorageType: 'io1' }])
    expect(await sends({}, { ...wanted, allocatedGb: 200 }, ['allocatedGb'])).toEqual([{ ...both, AllocatedStorage: 200 }])
  })

  it('switches monitoring off without a role', async () => {
    const account = cloud({ ModifyDBInstance: {} })
    const { monitoringRoleArn: _, ...rest } = database
    await DbInstance.update?.(aws, attrs, { ...rest, monitoringInterval: 0 }, ['monitoringInterval'])
    expect(account.sent[0]?.[1]).toEqual({
      DBInstanceIdentifier: 'shop-dev-thing',
      ApplyImmediately: true,
      MonitoringInterval: 0,
    })
  })
})

describe('delete', () => {
  it('takes off the protection at once, only when it is told to', async () => {
    const account = cloud({ ModifyDBInstance: {} })
    await DbInstance.unguard?.(aws, attrs)
    expect(account.sent).toEqual([
      ['ModifyDBInstance', { DBInstanceIdentifier: 'shop-dev-thing', DeletionProtection: false, ApplyImmediately: true }],
    ])
    expect(DbInstance.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('makes the last snapshot that is asked for', async () => {
    const account = cloud({ DeleteDBInstance: {} })
    await DbInstance.delete(aws, attrs, { finalSnapshot: 'shop-final' })
    expect(account.sent).toEqual([
      ['DeleteDBInstance', { DBInstanceIdentifier: 'shop-dev-thing', FinalDBSnapshotIdentifier: 'shop-final' }],
    ])
    expect(DbInstance.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('names the snapshot by time, as RDS allows names', () => {
    const name = DbInstance.facts.snapshotName?.(attrs, new Date('2026-11-21T23:05:09.123Z'))
    expect(name).toBe('shop-dev-thing-final-snapshot-20261121-230509')
    expect(name).toMatch(/^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,254}$/)
  })

  it('says what stays behind', () => {
    const leaves = (want: object, how: object) => DbInstance.facts.leaves?.(attrs, want, how)
    expect(leaves({ logExports: [] }, {})).toBeUndefined()
    expect(leaves({}, { finalSnapshot: 'shop-final' })).toContain('shop-final')
    expect(leaves({ logExports: ['postgresql'] }, {})).toBe(`its logs in CloudWatch (/aws/rds/instance/${attrs.id}/postgresql)`)
    expect(leaves({ monitoringInterval: 60 }, {})).toContain('the log group RDSOSMetrics')
    expect(leaves({ monitoringInterval: 0 }, {})).toBeUndefined()
  })
})
