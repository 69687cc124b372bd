import { readFile } from 'node:fs/promises'
import * as RDS from '@aws-sdk/client-rds'
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Clients, clients, database, given, query, refusal } from './support.ts'

describe.skipIf(!inject('motoPostgresUrl'))('the databases of the sandbox are closed', () => {
  const url = inject('motoPostgresUrl') ?? ''
  let aws: Clients
  beforeEach(async () => {
    aws = await clients(url)
  })

  const create = async (more: Partial<RDS.CreateDBInstanceCommandInput> = {}) => {
    const wish = { ...database, ...more }
    await aws.rds.send(new RDS.CreateDBInstanceCommand(wish))
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({}))
    const { Address: host, Port: port } = DBInstances?.[0]?.Endpoint ?? {}
    return {
      host: given(host),
      port: given(port),
      user: given(wish.MasterUsername),
      password: wish.MasterUserPassword ?? '',
      database: 'postgres',
    }
  }
  /** Each statement on the connections of one user; the last one's rows. */
  const all = async (db: Awaited<ReturnType<typeof create>>, ...statements: string[]) => {
    for (const statement of statements.slice(0, -1)) await query(db, statement)
    return query(db, given(statements.at(-1)))
  }

  it.each([
    ['SELECT', `{user};'||$1%s%1$I\\x27--`],
    ['a'.repeat(63), `'';$$E'\\\\'{password}`],
  ])('takes names and passwords as they are, whatever they mean in SQL: %s', async (MasterUsername, MasterUserPassword) => {
    const db = await create({ MasterUsername, MasterUserPassword })
    expect(await query(db, 'select current_user::text as me')).toEqual([{ me: MasterUsername }])
    const second = `second${MasterUserPassword}`
    const { DBInstanceIdentifier } = database
    await aws.rds.send(
      new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, MasterUserPassword: second, ApplyImmediately: true }),
    )
    expect(await refusal(query(db, 'select'))).toContain('password authentication failed')
    expect(await query({ ...db, password: second }, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it.each([
    [{ MasterUsername: 'a{password}' }, 'MasterUsername is not a valid identifier'],
    [{ MasterUsername: 'o"ther' }, 'MasterUsername is not a valid identifier'],
    [{ MasterUsername: 'a'.repeat(64) }, 'MasterUsername is not a valid identifier'],
    [{ DBName: 'a"; DROP DATABASE postgres; --' }, 'DBName must begin with a letter'],
    [{ MasterUserPassword: ' ; COPY (SELECT 1) TO PROGRAM $x$id$x$ ; --' }, 'Only printable ASCII'],
  ])('refuses, as AWS does, %j', async (more, why) => {
    expect(await refusal(create(more))).toContain(why)
  })

  describe('for the master user', () => {
    let db: Awaited<ReturnType<typeof create>>
    beforeAll(async () => {
      aws = await clients(url)
      db = await create()
    })

    it.each(['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'rdsadmin'])(
      'has no way to the role %s',
      async (role) => {
        expect(await refusal(query(db, `GRANT ${role} TO ${db.user}`))).toMatch(/must be superuser|permission denied/)
        expect(await refusal(all(db, 'CREATE ROLE helper', `GRANT ${role} TO helper`))).toMatch(
          /must be superuser|permission denied/,
        )
        expect(await refusal(query(db, `SET ROLE ${role}`))).toContain('permission denied')
        await query(db, 'DROP ROLE helper')
      },
    )

    it.each([
      `COPY (SELECT 1) TO PROGRAM 'id'`,
      `COPY (SELECT 1) TO '/tmp/infra-closed'`,
      `SELECT pg_read_file('/etc/passwd')`,
      `SELECT lo_import('/etc/passwd')`,
      'CREATE EXTENSION adminpack',
      'ALTER SYSTEM SET archive_command = $$id$$',
      'ALTER ROLE rdsadmin LOGIN',
      'DROP DATABASE rdsadmin',
      `UPDATE pg_authid SET rolsuper = true`,
    ])('refuses %s', async (statement) => {
      expect(await refusal(query(db, statement))).toMatch(/permission denied|must be|could not open extension|cannot run inside/)
    })
  })

  it("runs nothing of the master's own with the rights of the superuser: a snapshot, a new password", async () => {
    const db = await create()
    const trap = (signature: string, returns: string, result: string) =>
      `CREATE FUNCTION public.${signature} RETURNS ${returns} LANGUAGE plpgsql AS $$ BEGIN
         EXECUTE format('ALTER ROLE %I SUPERUSER', '${db.user}'); RETURN ${result}; END $$`
    await all(
      db,
      trap('pg_backup_start(text, boolean)', 'pg_lsn', `'0/0'::pg_lsn`),
      trap('pg_start_backup(text, boolean, boolean)', 'pg_lsn', `'0/0'::pg_lsn`),
      trap('format(text, text, text)', 'text', `'select 1'`),
      'ALTER DATABASE postgres SET search_path = public, pg_catalog',
      'ALTER DATABASE template1 SET search_path = public, pg_catalog',
    )
    const { DBInstanceIdentifier } = database
    await aws.rds.send(new RDS.CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier: 'one' }))
    await aws.rds.send(
      new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, MasterUserPassword: 'second-password', ApplyImmediately: true }),
    )
    const rows = await query({ ...db, password: 'second-password' }, 'select rolsuper from pg_roles where rolname = user')
    expect(rows).toEqual([{ rolsuper: false }])
  })

  it.runIf(process.platform === 'linux')('is at no address but that of this machine for itself', async () => {
    const { port, ...db } = await create()
    const [{ port: behind }] = await query({ port, ...db }, `select current_setting('port')::int as port`)
    const tables = (await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))).join(
      '',
    )
    const LISTENS = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) 0+:0000 0A/gm
    const listening = [...tables.matchAll(LISTENS)].map(([, address, hex = '']) => [Number.parseInt(hex, 16), address])
    for (const one of [port, behind, Number(new URL(url).port)])
      expect(listening.filter(([number]) => number === one)).toEqual([[one, '0100007F']])
  })
})
