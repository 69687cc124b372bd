import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Server } from '../../../src/aws/sql.ts'
import { passwordVariable } from '../../../src/database/script.ts'
import { PSQL_IMAGE, taskEnvironment } from '../../../src/database/task-environment.ts'
import { makeCertificates } from '../../support/postgres-tls.ts'
import { failure } from '../support.ts'
import { arnOf } from './containers.ts'

const server: Server = {
  id: 'shop-db',
  engine: 'postgres',
  host: 'shop-db.c1x2.eu-west-1.rds.amazonaws.com',
  port: 5433,
  secret: arnOf('rds/shop/master'),
}

it('leads psql to the server, with its certificate checked', async () => {
  const { environment } = await taskEnvironment(server, [])
  const { INFRA_CA = '', ...rest } = environment
  expect(rest).toEqual({
    PGHOST: server.host,
    PGPORT: '5433',
    PGSSLMODE: 'verify-full',
    PGCONNECT_TIMEOUT: '10',
    PGCLIENTENCODING: 'UTF8',
    PGAPPNAME: 'infra',
  })
  const subjects = (INFRA_CA.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem).subject,
  )
  expect(subjects.length).toBe(3)
  for (const s of subjects) expect(s).toContain('CN=Amazon RDS eu-west-1 Root CA')
  expect(INFRA_CA.length).toBeLessThan(6000)
})

it('has ECS read the secrets by key, and by whole ARNs', async () => {
  const own = { secret: 'rds/shop/tenant', key: 'password' }
  const { secrets, environment } = await taskEnvironment(server, [{ secret: server.secret, key: 'password' }, own], {
    arns: { [own.secret]: arnOf(own.secret) },
  })
  expect(secrets).toEqual({
    PGUSER: `${arnOf('rds/shop/master')}:master_username::`,
    PGPASSWORD: `${arnOf('rds/shop/master')}:master_password::`,
    [passwordVariable({ secret: server.secret, key: 'password' })]: `${arnOf('rds/shop/master')}:password::`,
    [passwordVariable(own)]: `${arnOf('rds/shop/tenant')}:password::`,
  })
  expect(JSON.stringify(environment)).not.toContain('secret')
  expect((await failure(taskEnvironment(server, [own]))).message).toContain('the ARN of the secret rds/shop/tenant')
})

it('knows a password by the name of its secret and by its ARN', () => {
  const names = ['rds/shop/tenant', arnOf('rds/shop/tenant')].map((secret) => passwordVariable({ secret, key: 'password' }))
  expect(names[0]).toBe(names[1])
  expect(names[0]).toMatch(/^[A-Z_0-9]+$/)
  const others = [
    { secret: 'rds/shop/tenant', key: 'other' },
    { secret: 'rds/shop/tenant-b', key: 'password' },
  ].map(passwordVariable)
  expect(new Set([...names, ...others]).size).toBe(3)
})

it('takes the certificates of databases.caFile instead, and refuses a server that none is known for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'infra-ca-'))
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, `# mine\n${(await makeCertificates()).ca}`)
  const { environment } = await taskEnvironment({ ...server, host: 'db.example' }, [], { caFile })
  expect(environment.INFRA_CA).toBe((await readFile(caFile, 'utf8')).slice('# mine\n'.length).trim())
  await rm(folder, { recursive: true })
  const error = await failure(taskEnvironment({ ...server, host: 'shop-db.c1x2.xx-nowhere-9.rds.amazonaws.com' }, []))
  expect([error.what, error.next]).toEqual([
    'infra does not know the certificates of Amazon RDS in xx-nowhere-9',
    expect.stringContaining('databases.caFile'),
  ])
})

it('brings a psql that is as new as the newest server of RDS', () => {
  expect(PSQL_IMAGE).toMatch(/^public\.ecr\.aws\/docker\/library\/postgres:(1[89]|[2-9]\d)-alpine$/)
})
