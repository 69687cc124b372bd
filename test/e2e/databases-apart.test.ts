import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../support/account.ts'
import { type DatabaseStack, databaseStack, MASTER_SECRET } from '../support/database-stack.ts'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'

const NAMES = ['blog_2', 'shop', 'wiki']
const secretOf = (name: string): string => `startupwebapp/production/databases/${name}`

// Tenants that must not see each other: a role and a secret for each database.
describe.skipIf(!inject('motoUrl'))('databases of a role each', () => {
  let server: TestServer
  let s: DatabaseStack
  beforeAll(async () => {
    server = await motoWithPostgres()
    s = await databaseStack(server.url, [
      ...['init', '--yes'],
      ...[
        'project=startupwebapp',
        'environment=production',
        `secrets.database.name=${MASTER_SECRET}`,
        'securityGroups.bastionCidr=203.0.113.7/32',
        'steps=[vpc, security-groups, secrets, rds, databases]',
        'databases.roles=perDatabase',
        'databases.encoding=LATIN1',
        'databases.collation=C',
        `databases.names=[${NAMES.join(', ')}]`,
      ].flatMap((x) => ['--set', x]),
    ])
    await s.ends(0, 'create', '--yes')
  })
  afterAll(async () => {
    await s?.close()
    await server?.stop()
  })

  const secrets = () => new SecretsManagerClient(clientConfig(s.account))
  const me = async (who: Promise<object>) => (await s.query<{ me: string }>('SELECT current_user AS me', await who))[0]?.me
  const tenant = async (name: string, database = name) => {
    const { username: user = '', password = '' } = await s.secret(secretOf(name))
    return { user, password, database }
  }

  it('each has a secret of its own with all that it needs to connect, and a password of its own', async () => {
    const secrets = await Promise.all(NAMES.map((name) => s.secret(secretOf(name))))
    expect(secrets.map(({ password: _, ...rest }) => rest)).toEqual(
      NAMES.map((name) => ({ engine: 'postgresql', host: '127.0.0.1', port: 5432, dbname: name, username: name })),
    )
    for (const { password } of secrets) expect(password).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(new Set([...secrets.map((x) => x.password), (await s.secret()).password]).size).toBe(4)
  })

  it('each database belongs to its own role, with the encoding and the order that the config wants', async () => {
    const rows = await s.query<{ of: string }>(
      "SELECT concat_ws(' ', datname, pg_get_userbyid(datdba), datacl, pg_encoding_to_char(encoding), datcollate, datctype) AS of FROM pg_database WHERE datname !~ '^(postgres|rdsadmin|template)' ORDER BY 1",
    )
    expect(rows.map((r) => r.of)).toEqual(NAMES.map((name) => `${name} ${name} {${name}=CTc/${name}} LATIN1 C C`))
  })

  it('each gets into its own database and is refused at those of the others', async () => {
    for (const name of NAMES)
      for (const database of NAMES) {
        const asked = me(tenant(name, database))
        if (name === database) expect(await asked).toBe(name)
        else await expect(asked).rejects.toThrow(`permission denied for database "${database}"`)
      }
    const { access, verified } = (await s.ends(0, 'db', 'verify', '--json')).json<{
      verified: boolean
      access: { role: string; database: string; login: string; asWanted: boolean }[]
    }>()
    expect(verified).toBe(true)
    expect(access.map((a) => [a.role, a.database, a.login, a.asWanted])).toEqual(
      NAMES.flatMap((role) => NAMES.map((database) => [role, database, role === database ? 'ok' : 'barred', true])),
    )
    expect((await s.ends(0, 'db', 'verify')).stdout).toMatch(/✓ +shop +is refused +blog_2/)
  })

  it('one that gets in at another’s is told', async () => {
    await s.query('GRANT CONNECT ON DATABASE wiki TO shop', await tenant('wiki'))
    const { stdout } = await s.ends(1, 'db', 'verify')
    expect(stdout).toMatch(/✗ +shop +gets in +wiki +not as it should be/)
    expect(stdout).toContain('1 thing not as wanted')
    await s.query('REVOKE CONNECT ON DATABASE wiki FROM shop', await tenant('wiki'))
    await s.ends(0, 'db', 'verify')
  })

  it('a second create has nothing to do, and one login for each role', async () => {
    s.clear()
    expect((await s.ends(0, 'create', '--yes')).stdout).toContain('Nothing to do')
    expect(s.changes()).toEqual([])
    expect(
      s.sql.log
        .filter((call) => call.op.startsWith('sql.login '))
        .map((call) => call.op)
        .sort(),
    ).toEqual([...NAMES, 'postgres'].map((role) => `sql.login ${role}@postgres`).sort())
    expect(s.sql.log.length).toBeLessThanOrEqual(8)
    expect(s.aws.log.length).toBeLessThanOrEqual(32)
  })

  it('a password that was changed in one secret is brought to the server; the others keep theirs', async () => {
    const before = await tenant('wiki')
    const changed = { ...(await s.secret(secretOf('shop'))), password: 'Another1Password2In3The4Secret5' }
    await secrets().send(new PutSecretValueCommand({ SecretId: secretOf('shop'), SecretString: JSON.stringify(changed) }))
    await expect(s.query('SELECT', await tenant('shop'))).rejects.toThrow('password authentication failed')
    s.clear()
    await s.ends(0, 'create', '--yes')
    expect(s.changes()).toEqual([expect.stringContaining('sql.ALTER ROLE "shop" LOGIN PASSWORD')])
    expect([await me(tenant('shop')), await me(Promise.resolve(before))]).toEqual(['shop', 'wiki'])
  })

  it('a lost state costs nothing: roles, databases and secrets are found, and nothing is made or changed', async () => {
    const before = (await s.place.state()).resources
    await rm(join(s.place.dir, 'state'), { recursive: true })
    s.clear()
    await s.ends(0, 'create', '--yes')
    expect(s.changes()).toEqual([])
    const after = (await s.place.state()).resources
    expect(Object.keys(after)).toEqual(Object.keys(before))
    for (const key of Object.keys(before)) expect(after[key]?.attrs, key).toEqual(before[key]?.attrs)
  })

  it.each([
    { what: 'for the recovery window', more: {} },
    { what: 'for good', more: { ForceDeleteWithoutRecovery: true } },
  ])('a tenant’s secret that was deleted $what is missed, and made again with a password that works', async ({ more }) => {
    const before = await tenant('wiki')
    await secrets().send(new DeleteSecretCommand({ SecretId: secretOf('shop'), ...more }))
    expect((await s.ends(3, 'drift')).stdout).toMatch(/deleted +sql-secret-shop /)
    expect((await s.ends(1, 'db', 'verify')).stdout).toMatch(/✗ +database role shop +password is another/)
    await s.ends(0, 'create', '--yes')
    expect(await me(tenant('shop'))).toBe('shop')
    expect(await tenant('wiki')).toEqual(before)
    await s.ends(0, 'db', 'verify')
  })

  it('without the master’s secret nobody gets in: verify says so, create brings it back', async () => {
    const before = await s.secret()
    await secrets().send(new DeleteSecretCommand({ SecretId: MASTER_SECRET }))
    expect((await s.ends(2, 'db', 'verify')).stderr).toMatch(
      /^A secret with a password for the database server is not there: .*\nNext: infra create brings it back/,
    )
    const plan = await s.ends(0, 'plan')
    expect(plan.stdout).toMatch(/2 to create, \d+ resources as wanted/)
    await s.ends(0, 'create', '--yes')
    expect(await s.secret()).toEqual(before)
    await s.ends(0, 'db', 'verify')
  })

  it('destroy takes databases, roles and secrets; a later create gives the tenants their old passwords', async () => {
    const before = await tenant('blog_2')
    const { stderr } = await s.ends(2, 'destroy', 'databases', '--yes')
    expect(stderr).toContain('This deletes data')
    const r = await s.ends(0, 'destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    expect(r.stderr).toContain(`stays: the secret ${secretOf('shop')}: for 30 days it can be restored`)
    expect(await s.query("SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|rds)'")).toEqual([{ rolname: 'postgres' }])
    await s.ends(0, 'create', 'databases', '--yes')
    expect(await me(Promise.resolve(before))).toBe('blog_2')
  })

  it('no secret value is in what was printed, in a file, or in a statement', async () => {
    await s.run('db', 'verify', '--verbose')
    expect(await s.leaks()).toEqual([])
  })
})
