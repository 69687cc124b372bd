import { RDSClient, StartDBInstanceCommand, StopDBInstanceCommand } from '@aws-sdk/client-rds'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../support/account.ts'
import { type DatabaseStack, databaseStack, SERVER } from '../support/database-stack.ts'
import { startMoto, type TestServer } from '../support/moto.ts'

describe.skipIf(!inject('motoUrl'))('a database server that lets nobody in, or holds what others made', () => {
  let server: TestServer
  let s: DatabaseStack
  beforeAll(async () => {
    server = await startMoto('0', process.env, { postgres: true })
    s = await databaseStack(server.url)
    await s.ends(0, 'create', 'vpc', 'security-groups', 'secrets', 'rds', '--yes')
  })
  afterAll(async () => {
    await s?.close()
    await server?.stop()
  })
  const rds = () => new RDSClient(clientConfig(s.account))
  const names = async () =>
    (
      await s.query<{ name: string }>(
        "SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datname !~ '^(postgres|rdsadmin)$' ORDER BY 1",
      )
    ).map((d) => d.name)

  it('probe', async () => {
    s.sql.shut()
    const out: string[] = []
    const show = async (...args: string[]) => {
      const r = await s.run(...args)
      out.push(`$ infra ${args.join(' ')} => ${r.code}\n${r.all}`)
    }
    await show('create', 'databases', '--yes')
    await show('plan', 'databases')
    await show('status')
    await show('drift')
    await show('db', 'verify')
    s.sql.open()
    await show('create', 'databases', '--yes')
    s.sql.shut()
    await show('create', '--yes')
    await show('plan')
    await show('status')
    await show('drift')
    await show('db', 'verify')
    await show('destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    s.sql.open()
    await rds().send(new StopDBInstanceCommand({ DBInstanceIdentifier: SERVER }))
    await show('create', '--yes')
    await show('plan')
    await show('status')
    await show('drift')
    await show('db', 'verify')
    await show('destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    await s.set('databases.names=[startupwebapp_prod, healthtech_experiment, fintech_experiment, edtech]')
    await show('create', 'databases', '--yes')
    await rds().send(new StartDBInstanceCommand({ DBInstanceIdentifier: SERVER }))
    await s.query('CREATE DATABASE edtech')
    await show('create', 'databases', '--yes')
    await show('adopt', 'sql-database-edtech', 'edtech', '--yes')
    await show('create', 'databases', '--yes')
    console.log(out.join('\n=====\n'))
  })
})
