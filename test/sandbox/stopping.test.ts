import * as RDS from '@aws-sdk/client-rds'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type Clients, clients, database, given, listens, query, refusal, until } from './support.ts'

const { DBInstanceIdentifier, MasterUsername: user, MasterUserPassword: password } = database
const DAY = 86_400_000

describe.skipIf(!inject('motoUrl'))('stopping and starting a database', () => {
  let server: TestServer
  let aws: Clients
  beforeAll(async () => {
    server = await startMoto('0,rds-stop=1.2,rds-start=1.2', process.env, { postgres: true })
  })
  beforeEach(async () => {
    aws = await clients(server.url) // an account of its own
    await aws.rds.send(new RDS.CreateDBInstanceCommand(database))
  })
  afterAll(async () => await server.stop())

  const described = async () => {
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))
    return given(DBInstances?.[0])
  }
  const status = async () => (await described()).DBInstanceStatus
  const settled = (wished: string) => until(status, (s) => s === wished)
  const stop = (more: Partial<RDS.StopDBInstanceCommandInput> = {}) =>
    aws.rds.send(new RDS.StopDBInstanceCommand({ DBInstanceIdentifier, ...more }))
  const start = () => aws.rds.send(new RDS.StartDBInstanceCommand({ DBInstanceIdentifier }))
  const login = async (): Promise<pg.ClientConfig> => {
    const { Endpoint } = await described()
    return { host: given(Endpoint?.Address), port: given(Endpoint?.Port), user, password, database: 'postgres' }
  }

  it('takes time, refuses connections meanwhile, and keeps address and data', async () => {
    const shop = await login()
    await query(shop, 'create table mine as select 1 as one')
    const open = new pg.Client(shop)
    await open.connect()
    const cut = new Promise<string>((resolve) => open.on('error', (error) => resolve(error.message)))

    const begun = Date.now()
    expect((await stop()).DBInstance?.DBInstanceStatus).toBe('stopping')
    expect(await cut).toContain('terminating connection')
    expect([await status(), (await described()).AutomaticRestartTime, await listens(given(shop.port))]).toEqual([
      'stopping',
      undefined,
      false,
    ])
    expect(await refusal(stop())).toMatch(/InvalidDBInstanceState.*: .*not in available state/)
    expect(await refusal(start())).toContain('InvalidDBInstanceState')
    expect(await settled('stopped')).toBe('stopped')
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1150)
    const { AutomaticRestartTime } = await described()
    expect(Math.abs(given(AutomaticRestartTime).getTime() - begun - 7 * DAY)).toBeLessThan(60_000)
    expect([await listens(given(shop.port)), await login()]).toEqual([false, shop])

    expect((await start()).DBInstance?.DBInstanceStatus).toBe('starting')
    expect([await status(), await listens(given(shop.port))]).toEqual(['starting', false])
    expect(await settled('available')).toBe('available')
    expect((await described()).AutomaticRestartTime).toBeUndefined()
    expect(await query(await login(), 'table mine')).toEqual([{ one: 1 }])
  })

  it('opens the door in time although nobody looks', async () => {
    const { port } = await login()
    await stop()
    await settled('stopped')
    await start()
    expect(
      await until(
        () => listens(given(port)),
        (is) => is,
      ),
    ).toBe(true)
  })

  it('refuses what AWS refuses of a stopped one, and lets it be deleted', async () => {
    await stop({ DBSnapshotIdentifier: 'before' })
    await settled('stopped')
    const change = new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, BackupRetentionPeriod: 3 })
    expect(await refusal(aws.rds.send(change))).toContain('InvalidDBInstanceState')
    const snapshot = new RDS.CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier: 'x' })
    expect(await refusal(aws.rds.send(snapshot))).toContain('InvalidDBInstanceState')
    const remove = (more: Partial<RDS.DeleteDBInstanceCommandInput>) =>
      refusal(aws.rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier, ...more })))
    expect(await remove({ FinalDBSnapshotIdentifier: 'x' })).toMatch(/InvalidDBInstanceState.*not currently in the available/)
    expect(await remove({ SkipFinalSnapshot: true })).toBe('no error')
    const { DBSnapshots } = await aws.rds.send(new RDS.DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }))
    expect(DBSnapshots?.map((s) => s.DBSnapshotIdentifier)).toEqual(['before'])
  })

  it('refuses one that has a read replica', async () => {
    const replica = { SourceDBInstanceIdentifier: DBInstanceIdentifier, DBInstanceIdentifier: 'reader' }
    await aws.rds.send(new RDS.CreateDBInstanceReadReplicaCommand(replica))
    expect(await refusal(stop())).toContain('InvalidDBInstanceState')
  })
})
