import * as RDS from '@aws-sdk/client-rds'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { pass } from './ecs.ts'
import { type Clients, clients, database, given, refusal } from './support.ts'

const { DBInstanceIdentifier } = database

/** A clock of its own, moved by the tests. */
describe.skipIf(!inject('motoUrl'))('restoring a database to a point in time', () => {
  let server: TestServer
  let aws: Clients
  beforeAll(async () => {
    server = await startMoto('0,rds=600,backup=300,upgrade=600')
  })
  afterAll(async () => await server.stop())
  beforeEach(async () => {
    aws = await clients(server.url)
  })
  const create = (more: Partial<RDS.CreateDBInstanceCommandInput> = {}) =>
    aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, BackupRetentionPeriod: 7, ...more }))
  const described = async (id = DBInstanceIdentifier) =>
    given((await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances?.[0])
  const backups = async () =>
    (await aws.rds.send(new RDS.DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier }))).DBInstanceAutomatedBackups
  const restore = (more: Partial<RDS.RestoreDBInstanceToPointInTimeCommandInput>) =>
    aws.rds.send(
      new RDS.RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: DBInstanceIdentifier,
        TargetDBInstanceIdentifier: 'second',
        ...more,
      }),
    )

  it('is possible between the first backup and five minutes ago, not longer ago than backups are kept', async () => {
    await create()
    expect(await backups()).toMatchObject([{ Status: 'creating', DBInstanceIdentifier }])
    expect(await refusal(restore({ UseLatestRestorableTime: true }))).toContain('InvalidDBInstanceState')
    await pass(server.url, 1200)
    const [backup] = given(await backups())
    const { EarliestTime, LatestTime } = given(backup?.RestoreWindow)
    expect([backup?.Status, backup?.BackupRetentionPeriod]).toEqual(['active', 7])
    expect(given(LatestTime).getTime() - given(EarliestTime).getTime()).toBeGreaterThan(850_000)
    expect((await described()).LatestRestorableTime).toBeInstanceOf(Date)
    const after = (base: Date | undefined, seconds: number) => new Date(given(base).getTime() + seconds * 1000)
    const no = 'InvalidParameterValue: The specified instance cannot be restored to a time '
    expect(await refusal(restore({ RestoreTime: after(LatestTime, 60) }))).toContain(`${no}later than`)
    expect(await refusal(restore({ RestoreTime: after(EarliestTime, -60) }))).toContain(`${no}earlier than`)
    await pass(server.url, 10 * 86_400)
    const [later] = given(await backups())
    const { EarliestTime: e, LatestTime: l } = given(later?.RestoreWindow)
    expect((given(l).getTime() - given(e).getTime()) / 86_400_000).toBeCloseTo(7, 1)
    expect((await restore({ RestoreTime: after(e, 3600) })).DBInstance).toMatchObject({ DBInstanceStatus: 'creating' })
  })

  it('asks for one of a time and the latest, a source that is there with backups, and a name that is free', async () => {
    await create({ BackupRetentionPeriod: 0 })
    await pass(server.url, 1200)
    expect(await refusal(restore({}))).toContain('InvalidParameterCombination')
    expect(await refusal(restore({ UseLatestRestorableTime: true, RestoreTime: new Date() }))).toContain(
      'InvalidParameterCombination',
    )
    expect(await backups()).toEqual([])
    expect(await refusal(restore({ UseLatestRestorableTime: true }))).toContain('PointInTimeRestoreNotEnabled')
    await create({ DBInstanceIdentifier: 'kept' })
    await pass(server.url, 1200)
    const kept = { SourceDBInstanceIdentifier: 'kept', UseLatestRestorableTime: true }
    expect(await refusal(restore({ ...kept, SourceDBInstanceIdentifier: 'none' }))).toContain('DBInstanceNotFound')
    expect(await refusal(restore({ ...kept, TargetDBInstanceIdentifier: DBInstanceIdentifier }))).toContain(
      'DBInstanceAlreadyExists',
    )
    expect(await refusal(restore({ ...kept, DBParameterGroupName: 'none' }))).toContain('DBParameterGroupNotFound')
    expect(await refusal(restore({ ...kept, DBInstanceClass: 'small' }))).toContain('Invalid DB Instance class')
  })

  it("takes AWS's defaults for everything the call does not say", async () => {
    const Tags = [{ Key: 'a', Value: 'b' }]
    await create({ MultiAZ: true, DeletionProtection: true, CopyTagsToSnapshot: true, Tags })
    await pass(server.url, 1200)
    await restore({ UseLatestRestorableTime: true })
    await pass(server.url, 1200)
    const [own, second] = await Promise.all([described(), described('second')])
    expect(second).toMatchObject({
      DBInstanceStatus: 'available',
      EngineVersion: own.EngineVersion,
      MasterUsername: own.MasterUsername,
      AllocatedStorage: own.AllocatedStorage,
      DeletionProtection: false,
      MultiAZ: false,
      CopyTagsToSnapshot: false,
      TagList: [],
    })
    expect(second.DbiResourceId).not.toBe(own.DbiResourceId)
    await restore({ UseLatestRestorableTime: true, TargetDBInstanceIdentifier: 'third', DeletionProtection: true, Tags })
    expect(await described('third')).toMatchObject({ DeletionProtection: true, TagList: Tags })
  })

  it('brings back the version of that time, with a parameter group of that one, and none while an upgrade ran', async () => {
    await create()
    await pass(server.url, 1200)
    const modify = { DBInstanceIdentifier, EngineVersion: '17.6', AllowMajorVersionUpgrade: true, ApplyImmediately: true }
    await aws.rds.send(new RDS.ModifyDBInstanceCommand(modify))
    const { EngineVersion: old } = await described()
    await pass(server.url, 1200)
    expect((await described()).EngineVersion).toBe('17.6')
    await pass(server.url, 1200)
    const { DBSnapshots = [] } = await aws.rds.send(new RDS.DescribeDBSnapshotsCommand({ DBInstanceIdentifier }))
    const kept = DBSnapshots.map((s) => [s.SnapshotType, s.EngineVersion, s.SnapshotCreateTime] as const)
    expect(kept.map(([type, version]) => [type, version])).toEqual([
      ['automated', old],
      ['automated', old],
      ['automated', '17.6'],
    ])
    const [, began, ended] = kept.map(([, , at]) => given(at).getTime())
    const to = (name: string, at: number, more = {}) =>
      restore({ TargetDBInstanceIdentifier: name, RestoreTime: new Date(at), ...more })
    const family = { DBParameterGroupFamily: 'postgres17', DBParameterGroupName: 'seventeen', Description: 'x' }
    await aws.rds.send(new RDS.CreateDBParameterGroupCommand(family))
    const group = { DBParameterGroupName: 'seventeen' }
    expect(await refusal(to('before', given(began) - 60_000, group))).toContain('InvalidParameter')
    await to('before', given(began) - 60_000)
    expect((await described('before')).EngineVersion).toBe(old)
    expect(await refusal(to('during', given(began) + 5000))).toContain('it was being upgraded')
    await to('after', given(ended) + 60_000, group)
    expect((await described('after')).EngineVersion).toBe('17.6')
  })
})
