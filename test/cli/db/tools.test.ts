import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { libpq, mysqlArgs, toolEnv } from '../../../src/commands/database/tools.ts'
import { Secret } from '../../../src/core/json.ts'
import type { Session } from '../../../src/session/session.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
import { PROGRAMS } from './stack.ts'

const session = (caFile?: string): Session =>
  ({ config: { databases: caFile === undefined ? {} : { caFile } }, explain: (e: Error) => e }) as unknown as Session
const rds = {
  id: 'shop-db',
  engine: 'postgres',
  host: 'shop-db.abc.us-east-1.rds.amazonaws.com',
  port: 5432,
  secret: 's',
} as const
const direct = { host: rds.host, port: 5432, tunnelled: false, close: async () => {} }
const tunnel = { ...direct, host: '127.0.0.1', port: 40_000, tunnelled: true }
const login = { user: 'shop_app', database: 'shop', password: new Secret('s3cret-word') }

let folder: string
const before = process.env.INFRA_CACHE_DIR
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-tools-'))
  process.env.INFRA_CACHE_DIR = folder
})
afterAll(async () => {
  if (before === undefined) delete process.env.INFRA_CACHE_DIR
  else process.env.INFRA_CACHE_DIR = before
  await rm(folder, { recursive: true, force: true })
})

describe('how programs of the database are told where to go', () => {
  it('libpq: the certificate is checked against the server, also behind a tunnel, with a file of Amazon’s that all may read', async () => {
    const env = await libpq(session(), rds, direct, login)
    const { PGSSLROOTCERT: file = '', ...rest } = env
    expect(rest).toEqual({ PGHOST: rds.host, PGPORT: '5432', PGUSER: 'shop_app', PGDATABASE: 'shop', PGSSLMODE: 'verify-full' })
    expect((await readFile(file, 'utf8')).match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50)
    expect((await stat(file)).mode & 0o777).toBe(0o644)
    expect(await libpq(session(), rds, tunnel, login)).toEqual({ ...env, PGHOSTADDR: '127.0.0.1', PGPORT: '40000' })
    const here = { ...rds, host: '127.0.0.1' }
    expect(Object.keys(await libpq(session(), here, { ...direct, host: '127.0.0.1' }, login))).not.toContain('PGSSLMODE')
  })

  it('the password is in the environment under the name that the program knows, and in no argument', async () => {
    const env = await toolEnv(session(), rds, tunnel, login)
    expect(env.PGPASSWORD).toBe('s3cret-word')
    const mysql = { ...rds, engine: 'mysql' } as const
    expect((await toolEnv(session(), mysql, tunnel, login)).MYSQL_PWD).toBe('s3cret-word')
    const args = await mysqlArgs(session(), mysql, tunnel, login)
    expect(args.slice(0, 4)).toEqual(['--host=127.0.0.1', '--port=40000', '--user=shop_app', '--ssl-mode=VERIFY_CA'])
    expect((await mysqlArgs(session(), mysql, direct, login)).join(' ')).toMatch(/--ssl-mode=VERIFY_IDENTITY --ssl-ca=\S+\.pem$/)
    expect((await mysqlArgs(session(), mysql, direct, login, true)).join(' ')).toMatch(
      /--ssl --ssl-ca=\S+ --ssl-verify-server-cert$/,
    )
    expect(args.join(' ')).not.toContain('s3cret')
  })
})

describe.skipIf(!PROGRAMS)('psql and a server with TLS', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres({ tls: 'required' })
  })
  afterAll(() => server?.stop())
  const psql = async (host: string, caFile?: string): Promise<string> => {
    const at = { ...rds, host, port: server.port }
    const place = { host: '127.0.0.1', port: server.port, tunnelled: true, close: async () => {} }
    const as = { user: server.master.user, password: new Secret(server.master.password), database: 'postgres' }
    const env = await toolEnv(session(caFile), at, place, as)
    return new Promise((resolve) =>
      execFile('psql', ['-Atc', 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'], { env }, (error, out, err) =>
        resolve(error ? err : out.trim()),
      ),
    )
  }

  it('gets in under the name in the certificate, and under no other', async () => {
    expect(await psql('localhost', server.caFile)).toBe('t')
    expect(await psql('shop-db.example.com', server.caFile)).toMatch(
      /server certificate for .* does not match host name "shop-db\.example\.com"/,
    )
    // Amazon has not signed it.
    expect(await psql('shop-db.example.com')).toMatch(/certificate verify failed|does not match/)
  })
})
