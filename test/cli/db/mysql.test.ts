import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type StandIn, startStandIn } from '../../database/mysql-stand-in.ts'
import { type Account, clientConfig, freshAccount } from '../../support/account.ts'
import { type Place, place } from '../../support/cli.ts'
import { type FaultProxy, startProxy } from '../../support/proxy.ts'
import { refused } from '../support/refused.ts'
import { barePath, stub, withEnv } from './stack.ts'

const url = inject('motoUrl')
const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, rds]
vpc: { nat: none }
rds: { engine: mysql }
`

/** There is no MySQL here: something that speaks its protocol stands at the server's address, and programs that write down what they get. */
describe.skipIf(!url)('MySQL', () => {
  let p: Place
  let proxy: FaultProxy
  let account: Account
  let server: StandIn
  let secret: Record<string, string>
  beforeAll(async () => {
    proxy = await startProxy(url ?? '')
    account = await freshAccount(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
    await writeFile(join(p.dir, 'infra.yaml'), CONFIG)
    const made = await p.run('create', '--yes')
    expect(made.code, made.all).toBe(0)
    const client = new SecretsManagerClient(clientConfig(account))
    secret = JSON.parse((await client.send(new GetSecretValueCommand({ SecretId: 'shop/dev/database' }))).SecretString ?? '{}')
    server = await startStandIn({ admin: secret.master_password ?? '', shop_app: secret.password ?? '' })
    server.reply = () => ({ answer: '0' })
    // As if the step databases had been made.
    await writeFile(join(p.dir, 'infra.yaml'), CONFIG.replace('rds]', 'rds, databases]'))
    const file = join(p.dir, 'state', 'dev.json')
    const state = JSON.parse(await readFile(file, 'utf8'))
    const row = (type: string, name: string, want: object, deps: string[]) => ({
      ...{ type, step: 'databases', name, is: 'ready', deps, token: '', at: new Date().toISOString(), attrs: { name } },
      want: { name, ...want },
    })
    const arn: unknown = state.resources['database-secret'].attrs.arn
    Object.assign(state.resources, {
      'sql-role-shop-app': row('sql.role', 'shop_app', { passwordSecret: arn, passwordKey: 'password' }, ['database-secret']),
      'sql-database-shop': row('sql.database', 'shop', { owner: 'shop_app' }, ['sql-role-shop-app']),
    })
    await writeFile(file, JSON.stringify(state))
    proxy.rules = [
      { match: /rds\.DescribeDBInstances/, replace: [/<Address>[^<]*<\/Address>/, '<Address>127.0.0.1</Address>'] },
      { match: /rds\.DescribeDBInstances/, replace: [/<Port>\d+<\/Port>/, `<Port>${server.port}</Port>`] },
    ]
  })
  afterAll(async () => {
    await p?.remove()
    await server?.close()
    await proxy?.close()
  })
  const recording = (name: string, does: string): Promise<string> =>
    stub(
      p,
      name,
      `#!/bin/sh\n[ "$1" = --version ] && echo "${name}  Ver 8.0.46 for Linux" && exit\necho "$MYSQL_PWD" > '${p.dir}/pwd'\necho "$@" > '${p.dir}/args'\n${does}\n`,
    )
  const heard = async (): Promise<string[]> => [
    await readFile(join(p.dir, 'args'), 'utf8'),
    (await readFile(join(p.dir, 'pwd'), 'utf8')).trim(),
  ]

  it('connect is mysql, with the password in its environment', async () => {
    const path = await recording('mysql', 'exit 7')
    const r = await withEnv(p, { PATH: path }, () => p.run('db', 'connect', 'shop'))
    expect(r.code, r.all).toBe(7)
    expect(await heard()).toEqual([`--host=127.0.0.1 --port=${server.port} --user=shop_app shop\n`, secret.password])
    const none = refused(await withEnv(p, { PATH: await barePath(p) }, () => p.run('db', 'connect', 'shop')))
    expect(none.stderr).toMatch(
      /There is no mysql on this machine.*\nNext: .*install .*mysql-client.*, then infra db connect shop/,
    )
  })

  it('backup is mysqldump as the master user; load is mysql as the owner', async () => {
    const path = await recording('mysqldump', 'echo "CREATE TABLE a (b int);"')
    const r = await withEnv(p, { PATH: path }, () => p.run('db', 'backup', 'shop', '--to', 'a.sql'))
    expect(r.code, r.all).toBe(0)
    const [args = '', password] = await heard()
    expect(args).toMatch(
      /--user=admin --single-transaction --routines --triggers --events --no-tablespaces --set-gtid-purged=OFF shop\n$/,
    )
    expect(password).toBe(secret.master_password)
    expect(await readFile(join(p.dir, 'a.sql'), 'utf8')).toBe('CREATE TABLE a (b int);\n')
    const loader = await recording('mysql', `cat > '${p.dir}/loaded'`)
    const load = await withEnv(p, { PATH: loader }, () => p.run('db', 'load', 'shop', 'a.sql'))
    expect(load.code, load.all).toBe(0)
    expect(await readFile(join(p.dir, 'loaded'), 'utf8')).toBe('CREATE TABLE a (b int);\n')
    expect(await heard()).toEqual([
      `--host=127.0.0.1 --port=${server.port} --user=shop_app --binary-mode --skip-local-infile shop\n`,
      secret.password,
    ])
    await writeFile(join(p.dir, 'other.sql'), 'SELECT 1;\nUSE `blog`;\n')
    const other = await withEnv(p, { PATH: loader }, () => p.run('db', 'load', 'shop', 'other.sql'))
    expect(other.code, other.all).toBe(1)
    expect(other.stderr).toContain('other.sql is not loaded: line 2 goes to another database: USE `blog`;')
    server.reply = () => ({ answer: '3' })
    expect((await withEnv(p, { PATH: loader }, () => p.run('db', 'load', 'shop', 'a.sql'))).stderr).toContain(
      'shop has 3 tables already',
    )
    await writeFile(join(p.dir, 'pg.dump'), 'PGDMP...')
    expect(refused(await withEnv(p, { PATH: loader }, () => p.run('db', 'load', 'shop', 'pg.dump'))).stderr).toContain(
      'is a dump of PostgreSQL',
    )
  })

  it('tunnel says the line of mysql; a container is no way in', async () => {
    const r = await p.run('db', 'tunnel')
    expect(r.stdout).toContain('MYSQL_PWD="$(infra db credentials --reveal --key password)" mysql --host=127.0.0.1')
    expect(r.stdout).toContain(`mysql://shop_app@127.0.0.1:${server.port}/shop`)
    expect(refused(await p.run('db', 'list', '--via', 'task')).stderr).toContain('For MySQL there is no way in by a container')
  })
})
