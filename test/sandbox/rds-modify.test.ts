import * as RDS from '@aws-sdk/client-rds'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { page } from '../support/credentials.ts'
import { startMoto, type TestServer } from '../support/moto.ts'
import { pass } from './ecs.ts'
import { type Clients, clients, database, given, refusal } from './support.ts'

const { DBInstanceIdentifier } = database
const HOUR = 3600

/** A clock of its own, moved by the tests: no time goes by otherwise that would matter. */
describe.skipIf(!inject('motoUrl'))('changes of a database', () => {
  let server: TestServer
  let aws: Clients
  beforeAll(async () => {
    server = await startMoto('0,modify=1000,upgrade=1000,storage=1000')
  })
  afterAll(async () => await server.stop())
  beforeEach(async () => {
    aws = await clients(server.url)
    await aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, BackupRetentionPeriod: 7 }))
  })
  const modify = (more: Partial<RDS.ModifyDBInstanceCommandInput>) =>
    aws.rds.send(new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, ...more }))
  const described = async () =>
    given((await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0])
  const later = async (seconds: number) => {
    await pass(server.url, seconds)
    return await described()
  }
  const pending = (db: RDS.DBInstance) => Object.keys(db.PendingModifiedValues ?? {}).length > 0

  it('keeps what waits for the maintenance window until it opens, and shows both values', async () => {
    await modify({ DBInstanceClass: 'db.t4g.small', MultiAZ: true, BackupRetentionPeriod: 3, DeletionProtection: true })
    const before = await later(1001)
    expect(before).toMatchObject({
      DBInstanceStatus: 'available',
      DBInstanceClass: 'db.t4g.micro',
      MultiAZ: false,
      PendingModifiedValues: { DBInstanceClass: 'db.t4g.small', MultiAZ: true },
      // From one number of days to another, and what ignores the setting, comes at once.
      BackupRetentionPeriod: 3,
      DeletionProtection: true,
    })
    expect(before.PendingModifiedValues).not.toHaveProperty('BackupRetentionPeriod')
    const after = await later(7 * 24 * HOUR)
    expect(after).toMatchObject({ DBInstanceClass: 'db.t4g.small', MultiAZ: true, DBInstanceStatus: 'available' })
    expect(pending(after)).toBe(false)
  })

  it('makes at once what is asked for at once, and with it all that was to come; the old values hold until it is done', async () => {
    await modify({ DBInstanceClass: 'db.t4g.small' })
    await modify({ MultiAZ: true, ApplyImmediately: true })
    // AWS shows the old status for a moment: a look that trusts it ends too early.
    const soon = await described()
    expect(soon).toMatchObject({ DBInstanceStatus: 'available', DBInstanceClass: 'db.t4g.micro', MultiAZ: false })
    expect(soon.PendingModifiedValues).toEqual({ DBInstanceClass: 'db.t4g.small', MultiAZ: true })
    expect(await later(500)).toMatchObject({ DBInstanceStatus: 'modifying', DBInstanceClass: 'db.t4g.micro' })
    const done = await later(1000)
    expect(done).toMatchObject({ DBInstanceStatus: 'available', DBInstanceClass: 'db.t4g.small', MultiAZ: true })
    expect(pending(done)).toBe(false)
  })

  it('takes back what was to come only where the old value is asked for at once', async () => {
    await modify({ DBInstanceClass: 'db.t4g.small' })
    await modify({ DBInstanceClass: 'db.t4g.micro' })
    expect((await described()).PendingModifiedValues).toEqual({ DBInstanceClass: 'db.t4g.small' })
    await modify({ DBInstanceClass: 'db.t4g.micro', ApplyImmediately: true })
    expect(pending(await described())).toBe(false)
  })

  it('switches backups off and on in the window only', async () => {
    await modify({ BackupRetentionPeriod: 0 })
    expect(await described()).toMatchObject({ BackupRetentionPeriod: 7, PendingModifiedValues: { BackupRetentionPeriod: 0 } })
  })

  it('grows storage by 10 % at least, optimizes it afterwards, and changes it no more for six hours', async () => {
    await modify({ AllocatedStorage: 21, ApplyImmediately: true })
    const optimizing = await later(1301)
    expect(optimizing).toMatchObject({ DBInstanceStatus: 'storage-optimization', AllocatedStorage: 22 })
    const again = () => refusal(modify({ AllocatedStorage: 40, ApplyImmediately: true }))
    expect(await again()).toContain("InvalidParameterCombination: You can't currently modify the storage")
    expect(await later(1000)).toMatchObject({ DBInstanceStatus: 'available' })
    expect(await again()).toContain('the previous storage change is being optimized')
    await later(6 * HOUR)
    expect(await again()).toBe('no error')
  })

  it('an upgrade that is taken back takes its parameter group along', async () => {
    const group = { DBParameterGroupName: 'shop-17', DBParameterGroupFamily: 'postgres17', Description: 'of the new version' }
    await aws.rds.send(new RDS.CreateDBParameterGroupCommand(group))
    const { DBParameterGroups: before } = await described()
    await modify({ EngineVersion: '17.6', AllowMajorVersionUpgrade: true, DBParameterGroupName: 'shop-17' })
    await modify({ EngineVersion: '16.10', ApplyImmediately: true })
    expect(await later(7 * 24 * HOUR)).toMatchObject({ EngineVersion: '16.10', DBParameterGroups: before })
  })

  it('is upgrading while the engine changes', async () => {
    await modify({ EngineVersion: '17.6', AllowMajorVersionUpgrade: true, ApplyImmediately: true })
    expect(await later(1301)).toMatchObject({ DBInstanceStatus: 'upgrading', EngineVersion: '16.10' })
    expect(await later(1000)).toMatchObject({ DBInstanceStatus: 'available', EngineVersion: '17.6' })
  })

  it('goes back to the old version where the checks before a major upgrade find something, and an event says what', async () => {
    const events = async (Duration?: number) =>
      (
        await aws.rds.send(
          new RDS.DescribeEventsCommand({ SourceIdentifier: DBInstanceIdentifier, SourceType: 'db-instance', Duration }),
        )
      ).Events?.filter((e) => e.EventCategories?.includes('notification'))
    const said = await page(
      server.url,
      '/infra-sandbox/refuse-upgrade',
      JSON.stringify({ account: aws.accountId, database: DBInstanceIdentifier, why: 'There are prepared transactions.' }),
    )
    expect(said.status).toBe(200)
    const { EngineVersion: old } = await described()
    await modify({ EngineVersion: '17.6', AllowMajorVersionUpgrade: true, ApplyImmediately: true, BackupRetentionPeriod: 3 })
    expect(await later(1500)).toMatchObject({ DBInstanceStatus: 'upgrading', PendingModifiedValues: { EngineVersion: '17.6' } })
    expect(await events()).toEqual([])
    const after = await later(1000)
    expect(after).toMatchObject({ DBInstanceStatus: 'available', EngineVersion: old, BackupRetentionPeriod: 3 })
    expect(pending(after)).toBe(false)
    expect(await events()).toMatchObject([
      {
        Message:
          'Database instance is in a state that cannot be upgraded: PreUpgrade checks failed: There are prepared transactions.',
        Date: expect.any(Date),
      },
    ])
    await later(2 * HOUR)
    expect(await events()).toEqual([])
    expect(await events(14 * 24 * 60)).toHaveLength(1)
    expect(await refusal(events(14 * 24 * 60 + 1))).toContain('InvalidParameterValue')
    await page(
      server.url,
      '/infra-sandbox/refuse-upgrade',
      JSON.stringify({ account: aws.accountId, database: DBInstanceIdentifier }),
    )
    await modify({ EngineVersion: '17.6', AllowMajorVersionUpgrade: true, ApplyImmediately: true })
    expect(await later(2500)).toMatchObject({ EngineVersion: '17.6' })
  })
})
