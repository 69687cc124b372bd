import * as EC2 from '@aws-sdk/client-ec2'
import * as RDS from '@aws-sdk/client-rds'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type Clients, clients, database, given, query, refusal, subnetGroup, until, vpcWithSubnets } from './support.ts'

const { DBInstanceIdentifier, MasterUsername: user, MasterUserPassword: password } = database
const DBSnapshotIdentifier = 'shop-friday'

describe.skipIf(!inject('motoUrl'))('snapshots of a database', () => {
  let server: TestServer
  let aws: Clients
  beforeAll(async () => {
    server = await startMoto('0,rds=0.5,snapshot=1', process.env, { postgres: true })
  })
  beforeEach(async () => {
    aws = await clients(server.url) // an account of its own
  })
  afterAll(async () => await server.stop())

  const described = async (id = DBInstanceIdentifier) => {
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))
    return given(DBInstances?.[0])
  }
  const available = async (id = DBInstanceIdentifier): Promise<pg.ClientConfig> => {
    const db = await until(
      () => described(id),
      (d) => d.DBInstanceStatus === 'available',
      20,
    )
    return { host: given(db.Endpoint?.Address), port: given(db.Endpoint?.Port), user, password, database: 'postgres' }
  }
  const create = async (more: Partial<RDS.CreateDBInstanceCommandInput> = {}) => {
    await aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, ...more }))
    return await available()
  }
  const snapshots = async (wish: RDS.DescribeDBSnapshotsCommandInput = {}) =>
    (await aws.rds.send(new RDS.DescribeDBSnapshotsCommand(wish))).DBSnapshots ?? []
  const snapshot = async (more: Partial<RDS.CreateDBSnapshotCommandInput> = {}) => {
    const wish = { DBInstanceIdentifier, DBSnapshotIdentifier, ...more }
    return given((await aws.rds.send(new RDS.CreateDBSnapshotCommand(wish))).DBSnapshot)
  }
  const whole = async (id = DBSnapshotIdentifier) =>
    await until(
      () => snapshots({ DBSnapshotIdentifier: id }),
      ([s]) => s?.Status === 'available',
    )
  const restore = (id: string, more: Partial<RDS.RestoreDBInstanceFromDBSnapshotCommandInput> = {}) =>
    aws.rds.send(new RDS.RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: id, DBSnapshotIdentifier, ...more }))
  const remove = (more: Partial<RDS.DeleteDBInstanceCommandInput>) =>
    aws.rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier, ...more }))
  const forget = (id = DBSnapshotIdentifier) => aws.rds.send(new RDS.DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }))

  it('take a while, carry tags and can be chosen by their type', async () => {
    const Tags = [{ Key: 'infra:stack', Value: 'shop/production' }]
    await create({ Tags, CopyTagsToSnapshot: true })
    const young = await snapshot()
    expect(young).toMatchObject({ Status: 'creating', PercentProgress: 0, SnapshotType: 'manual', TagList: Tags })
    expect(await refusal(restore('early'))).toContain('InvalidDBSnapshotState')
    expect(await refusal(forget())).toContain('InvalidDBSnapshotState')
    const [done] = await whole()
    expect(done).toMatchObject({ Status: 'available', PercentProgress: 100, DBInstanceIdentifier, MasterUsername: user })
    expect(await refusal(snapshot())).toContain('DBSnapshotAlreadyExists')
    await snapshot({ DBSnapshotIdentifier: 'tagged', Tags: [{ Key: 'why', Value: 'test' }] })
    const ids = async (wish: RDS.DescribeDBSnapshotsCommandInput) => (await snapshots(wish)).map((s) => s.DBSnapshotIdentifier)
    expect(await ids({ SnapshotType: 'manual' })).toEqual([DBSnapshotIdentifier, 'tagged'])
    expect(await ids({ SnapshotType: 'automated' })).toEqual([expect.stringMatching(/^rds:/)])
    expect(await ids({ DBInstanceIdentifier: 'another' })).toEqual([])
    expect((await snapshots({ DBSnapshotIdentifier: 'tagged' }))[0]?.TagList).toEqual([{ Key: 'why', Value: 'test' }])
    const ResourceName = given(done?.DBSnapshotArn)
    await aws.rds.send(new RDS.AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'keep', Value: 'yes' }] }))
    const { TagList } = await aws.rds.send(new RDS.ListTagsForResourceCommand({ ResourceName }))
    expect(TagList).toEqual([...Tags, { Key: 'keep', Value: 'yes' }])
    expect((await described()).TagList).toEqual(Tags) // the instance's are its own
    expect(await refusal(snapshots({ SnapshotType: 'manuel' }))).toContain('InvalidParameterValue')
    expect(await refusal(snapshots({ DBSnapshotIdentifier: 'none' }))).toContain('DBSnapshotNotFound')
  })

  it('need an available database, the final one too', async () => {
    const early = aws.rds.send(new RDS.CreateDBInstanceCommand(database))
    await early
    expect(await refusal(snapshot())).toMatch(/InvalidDBInstanceState.*: .*not currently in the available state/)
    expect(await refusal(remove({ FinalDBSnapshotIdentifier: 'last' }))).toContain('InvalidDBInstanceState')
    await available()
    await remove({ FinalDBSnapshotIdentifier: 'last' })
    expect(await refusal(described())).toContain('DBInstanceNotFound')
    expect(await whole('last')).toMatchObject([{ SnapshotType: 'manual', DBInstanceIdentifier }])
  })

  it('have the data of their moment, and give them to a new database', async () => {
    const more = { EnableCloudwatchLogsExports: ['postgresql'], CopyTagsToSnapshot: true, Tags: [{ Key: 'a', Value: 'b' }] }
    const shop = await create({ DeletionProtection: true, MultiAZ: true, ...more })
    await query(shop, 'create table mine as select 1 as one')
    await snapshot()
    await query(shop, 'drop table mine')
    await aws.rds.send(new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, MasterUserPassword: 'another-password' }))
    await whole()
    const begun = (await restore('second')).DBInstance
    expect([begun?.DBInstanceStatus, (await described('second')).Endpoint]).toEqual(['creating', undefined])
    const second = await available('second')
    expect(await query(second, 'table mine')).toEqual([{ one: 1 }]) // with the password of that moment
    await query(second, 'create table other ()')
    expect(await refusal(query({ ...shop, password: 'another-password' }, 'table other'))).toContain('does not exist')
    const restored = await described('second')
    expect(restored.EnabledCloudwatchLogsExports ?? []).toEqual([])
    expect(restored).toMatchObject({
      EngineVersion: '16.10',
      DeletionProtection: false,
      MultiAZ: false,
      CopyTagsToSnapshot: false,
      TagList: [],
    })
    expect(await refusal(restore('second'))).toContain('DBInstanceAlreadyExists')
    await forget()
    expect(await refusal(restore('third'))).toContain('DBSnapshotNotFound')
  })

  it('of a database that nobody has used yet give one that nobody has used yet', async () => {
    await create({ DBName: 'shop' })
    await snapshot()
    await whole()
    await restore('second')
    expect(await query({ ...(await available('second')), database: 'shop' }, 'select user as me')).toEqual([{ me: user }])
  })

  it('are made under load without cutting a connection, and are whole', async () => {
    const shop = await create()
    const client = new pg.Client(shop)
    await client.connect()
    await client.query('create table log (n int primary key, text text)')
    let writing = true
    let count = 0
    const writer = (async () => {
      while (writing) {
        const row = `insert into log select ${count} * 100 + i, repeat('x', 500) from generate_series(0, 99) i`
        await client.query(row)
        count++
      }
    })()
    for (const id of ['one', 'two', 'three']) await snapshot({ DBSnapshotIdentifier: id })
    writing = false
    await writer
    await client.end()
    await whole('three')
    await restore('again', { DBSnapshotIdentifier: 'three' })
    const [{ rows, last }] = await query(await available('again'), 'select count(*)::int as rows, max(n) as last from log')
    expect([rows, rows % 100]).toEqual([last + 1, 0]) // whole transactions, and all of them up to some moment
    expect(count * 100).toBeGreaterThanOrEqual(rows)
    expect(rows).toBeGreaterThan(0)
  })

  it('outlive their database, and go with their data when they are deleted', async () => {
    const shop = await create()
    await query(shop, 'create table mine as select 1 as one')
    await remove({ FinalDBSnapshotIdentifier: DBSnapshotIdentifier })
    await whole()
    const wish = { SourceDBSnapshotIdentifier: DBSnapshotIdentifier, TargetDBSnapshotIdentifier: 'copy' }
    await aws.rds.send(new RDS.CopyDBSnapshotCommand(wish))
    await forget()
    expect(await snapshots({ SnapshotType: 'manual' })).toMatchObject([{ DBSnapshotIdentifier: 'copy' }])
    await restore(DBInstanceIdentifier, { DBSnapshotIdentifier: 'copy' })
    expect(await query(await available(), 'table mine')).toEqual([{ one: 1 }])
    const [automated] = await snapshots({ SnapshotType: 'automated' })
    expect(await refusal(forget(given(automated?.DBSnapshotIdentifier)))).toContain('InvalidDBSnapshotState')
  })

  it('are restored with all that the call says, and refused what AWS refuses', async () => {
    await create()
    await snapshot()
    await whole()
    const net = await vpcWithSubnets(aws)
    const DBSubnetGroupName = await subnetGroup(aws, net.subnets)
    const group = new EC2.CreateSecurityGroupCommand({ GroupName: 'shop', Description: 'd', VpcId: net.VpcId })
    const VpcSecurityGroupIds = [given((await aws.ec2.send(group)).GroupId)]
    for (const [DBParameterGroupName, DBParameterGroupFamily] of [
      ['pg16', 'postgres16'],
      ['pg15', 'postgres15'],
    ]) {
      const wish = { DBParameterGroupName, DBParameterGroupFamily, Description: 'd' }
      await aws.rds.send(new RDS.CreateDBParameterGroupCommand(wish))
    }
    const Tags = [{ Key: 'infra:stack', Value: 'shop/production' }]
    const said = { DeletionProtection: true, CopyTagsToSnapshot: true, MultiAZ: true, DBInstanceClass: 'db.t4g.small' }
    const where = { DBSubnetGroupName, VpcSecurityGroupIds, DBParameterGroupName: 'pg16' }
    await restore('second', { ...said, ...where, Tags })
    expect(await described('second')).toMatchObject({
      ...said,
      TagList: Tags,
      DBSubnetGroup: { DBSubnetGroupName },
      VpcSecurityGroups: [{ VpcSecurityGroupId: VpcSecurityGroupIds[0] }],
      DBParameterGroups: [{ DBParameterGroupName: 'pg16' }],
    })
    const wrong = async (more: Partial<RDS.RestoreDBInstanceFromDBSnapshotCommandInput>) =>
      (await refusal(restore('third', more))).split(':')[0]
    expect(await wrong({ DBParameterGroupName: 'pg15' })).toBe('InvalidParameterCombination')
    expect(await wrong({ VpcSecurityGroupIds: ['sg-0123456789abcdef0'] })).toBe('InvalidParameterValue')
    expect(await wrong({ DBInstanceClass: 'db.nonsense' })).toBe('InvalidParameterValue')
    expect(await wrong({ DBSubnetGroupName: 'nowhere' })).toBe('DBSubnetGroupNotFoundFault')
    expect(await refusal(described('third'))).toContain('DBInstanceNotFound')
  })
})
