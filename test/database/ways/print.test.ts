import { execFile } from 'node:child_process'
import { appendFile, lstat, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { instructions, parseResult, sqlFile, type Wanted, writeSqlFile } from '../../../src/database/print.ts'
import { skipped } from '../../support/skipped.ts'
import { failure, type Place, placeOn, programs } from '../support.ts'
import { HOSTILE, noPsql, PSQL } from './psql.ts'

const at = { secret: 'rds/shop/master', key: 'password' }
const PASSWORD = 'correct-horse-battery-staple'
const wantedOf = (roles: readonly string[], databases: readonly string[] = roles): Wanted => ({
  roles: roles.map((name) => ({ name, password: at })),
  databases: databases.map((name, n) => ({
    name,
    owner: roles[n % roles.length] ?? '',
    encoding: 'UTF8',
    collation: 'en_US.UTF-8',
  })),
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-print-'))
})
afterEach(() => rm(folder, { recursive: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly all: string
}

describe.skipIf(noPsql).each(programs)(skipped('the SQL file, on PostgreSQL $version', noPsql), ({ bin }) => {
  let place: Place
  beforeAll(async () => {
    place = await placeOn({ bin })
  })
  afterAll(() => place.close())

  const run = async (text: string, passwords: readonly string[], ...args: string[]): Promise<Ran> => {
    const file = join(folder, 'databases.sql')
    await writeSqlFile(file, text)
    const { host, port, master } = place.pg
    const env = {
      PATH: process.env.PATH,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: master.user,
      PGPASSWORD: master.password,
      PGDATABASE: 'postgres',
      ...Object.fromEntries(passwords.map((p, n) => [`APP_PASSWORD_${n + 1}`, p])),
    }
    return new Promise((resolve) => {
      execFile(PSQL, ['-X', ...args, '-f', file], { env, cwd: folder }, (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, all: out + err }),
      )
    })
  }

  it('makes what is wanted, prints one line, and can be run again', async () => {
    const text = sqlFile(wantedOf(['app_a', 'app_b']))
    const first = await run(text, [PASSWORD, `${PASSWORD}-b`])
    expect(first.all).toMatch(/^INFRA-RESULT \{.*\}\n$/)
    expect(first.code).toBe(0)
    const inside = parseResult(first.out)
    for (const name of ['app_a', 'app_b']) {
      expect(inside.roles.find((r) => r.name === name)).toEqual({ name, login: true, granted: true })
      expect(inside.databases.find((d) => d.name === name)).toMatchObject({ owner: name, encoding: 'UTF8', publicConnect: false })
    }
    const me = (user: string, password: string, database: string) =>
      place.ask('SELECT current_user AS me', { user, password, database })
    expect(await me('app_a', PASSWORD, 'app_a')).toEqual([{ me: 'app_a' }])
    await expect(me('app_a', PASSWORD, 'app_b')).rejects.toThrow('permission denied for database')
    await place.ask('CREATE TABLE kept ()', { user: 'app_a', password: PASSWORD, database: 'app_a' })
    // A second time, with a new password and another owner.
    const second = await run(sqlFile(wantedOf(['app_b', 'app_a'], ['app_a', 'app_b'])), ['changed', PASSWORD])
    expect(second.all).toMatch(/^INFRA-RESULT /)
    expect(await me('app_b', 'changed', 'app_a')).toEqual([{ me: 'app_b' }])
    expect(parseResult(second.out).databases.find((d) => d.name === 'app_a')?.owner).toBe('app_b')
    for (const name of ['app_a', 'app_b']) await place.ask(`DROP DATABASE ${name}`)
    await place.ask('DROP ROLE app_a, app_b')
  })

  it('goes on where it broke off', async () => {
    // The second database has a collation that no server knows.
    const wanted = wantedOf(['half_a', 'half_b'])
    const broken = { ...wanted, databases: wanted.databases.map((d, n) => (n === 1 ? { ...d, collation: 'xx_YY' } : d)) }
    const first = await run(sqlFile(broken), [PASSWORD, PASSWORD])
    expect([first.code, first.out]).toEqual([3, ''])
    expect(first.all).toContain('invalid')
    expect(await place.ask(`SELECT datname FROM pg_database WHERE datname LIKE 'half%'`)).toEqual([{ datname: 'half_a' }])
    const second = await run(sqlFile(wanted), [PASSWORD, PASSWORD])
    expect([second.code, parseResult(second.out).databases.filter((d) => d.name.startsWith('half')).length]).toEqual([0, 2])
    for (const name of ['half_a', 'half_b']) await place.ask(`DROP DATABASE ${name}`)
    await place.ask('DROP ROLE half_a, half_b')
  })

  it('takes every name for what it is, twice', async () => {
    const text = sqlFile(wantedOf(HOSTILE))
    const passwords = HOSTILE.map((_, n) => `${PASSWORD}-${n}`)
    expect((await run(text, passwords)).all).toMatch(/^INFRA-RESULT .*\n$/)
    const { code, out } = await run(text, passwords)
    expect(code).toBe(0)
    const inside = parseResult(out)
    for (const [n, name] of HOSTILE.entries()) {
      expect(inside.roles.find((r) => r.name === name)).toMatchObject({ login: true, granted: true })
      expect(inside.databases.find((d) => d.name === name)).toMatchObject({ owner: name, publicConnect: false })
      expect(await place.ask('SELECT current_user AS me', { user: name, password: passwords[n] ?? '', database: name })).toEqual([
        { me: name },
      ])
    }
    const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
    for (const name of HOSTILE) await place.ask(`DROP DATABASE ${quoted(name)}`)
    await place.ask(`DROP ROLE ${HOSTILE.map(quoted).join(', ')}`)
  }, 90_000)

  it('changes nothing while a password is missing or cannot be used', async () => {
    const text = sqlFile(wantedOf(['none_a', 'none_b']))
    for (const [passwords, words] of [
      [[PASSWORD], 'APP_PASSWORD_2 is empty'],
      [[PASSWORD, ''], 'APP_PASSWORD_2 is empty'],
      [[PASSWORD, 'pässword'], 'APP_PASSWORD_2 holds a character outside of ASCII'],
    ] as const) {
      const { code, all } = await run(text, passwords)
      expect([code, all]).toEqual([3, expect.stringContaining(words)])
      expect(all).not.toContain('pässword')
      // Only the error itself.
      expect(all.trim().split('\n').length).toBe(1)
    }
    expect(await place.ask(`SELECT 1 FROM pg_roles WHERE rolname LIKE 'none%'`)).toEqual([])
  })

  it('shows no password: not on the screen, not in the log of the server, not even when it fails', async () => {
    await appendFile(join(place.pg.dir, 'postgresql.auto.conf'), "log_statement = 'ddl'\n")
    const [pid] = (await readFile(join(place.pg.dir, 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGHUP')
    await expect.poll(() => place.ask('SHOW log_statement'), { timeout: 20_000 }).toEqual([{ log_statement: 'ddl' }])
    // The master may not touch this one.
    const text = sqlFile({ roles: [{ name: 'rdsadmin', password: at }], databases: [] })
    const { code, all } = await run(text, [PASSWORD], '-a', '-E')
    expect([code, all]).toEqual([3, expect.stringContaining('ERROR')])
    const log = await place.log()
    expect(log).toContain('STATEMENT:')
    for (const where of [all, log, text]) expect(where).not.toContain(PASSWORD)
    expect(all).not.toContain('SCRAM-SHA-256$4096:')
  })
})

describe('the result', () => {
  const inside = {
    version: '16.4',
    roles: [{ name: 'INFRA-RESULT {"a": "}\\', login: true, granted: false }],
    databases: [{ name: 'shop', owner: 'app', encoding: 'UTF8', collation: 'C', publicConnect: false, sessions: 2 }],
  }
  const line = `INFRA-RESULT ${JSON.stringify(inside)}`

  it('is found in all that was on the screen, the newest one', () => {
    const older = `INFRA-RESULT ${JSON.stringify({ ...inside, version: '15' })}`
    expect(parseResult(`${older}\npsql: something {}\r\n${line}\nsh-5.2$ INFRA-RESULT {\n`)).toEqual(inside)
  })

  it.each([40, 80, 133])('is put together where a terminal of %d columns has broken it', (width) => {
    const plain = `INFRA-RESULT ${JSON.stringify({ ...inside, roles: [{ ...inside.roles[0], name: 'a"b\\} {' }] })}`
    const broken = plain.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\r\n') ?? ''
    expect(parseResult(`${broken}\r\nexit\r\n`).roles[0]?.name).toBe('a"b\\} {')
  })

  it.each([
    ['', 'There is no line that begins with INFRA-RESULT'],
    ['INFRA-RESULT\n', 'There is no line that begins with INFRA-RESULT'],
    [line.slice(0, -9), 'The line that begins with INFRA-RESULT is not whole'],
    ['INFRA-RESULT {"version": "16"}', 'The line that begins with INFRA-RESULT is not whole'],
    ['INFRA-RESULT {"version": "16", "roles": [null], "databases": []}', 'The line that begins with INFRA-RESULT is not whole'],
  ])('is refused when it is not there or not whole: %s', async (text, what) => {
    const error = await failure((async () => parseResult(text))())
    expect(error).toMatchObject({ what, exitCode: 2, next: expect.any(String) })
  })
})

describe('the file', () => {
  const modeOf = async (file: string): Promise<string> => ((await lstat(file)).mode & 0o777).toString(8)

  it('is for its owner only, from the first instant', async () => {
    const file = join(folder, 'a.sql')
    const before = process.umask(0)
    try {
      const seen = new Set<string>()
      let writing = true
      const watching = (async () => {
        while (writing) for (const name of await readdir(folder)) seen.add(await modeOf(join(folder, name)).catch(() => 'gone'))
      })()
      await writeSqlFile(file, 'x'.repeat(5_000_000))
      writing = false
      await watching
      seen.delete('gone')
      expect([...seen, await modeOf(file)]).toEqual(['600', '600'])
    } finally {
      process.umask(before)
    }
  })

  it('replaces an older one whole, with the mode of a new one', async () => {
    const file = join(folder, 'a.sql')
    await writeFile(file, 'old', { mode: 0o644 })
    await writeSqlFile(file, 'new')
    expect([await readFile(file, 'utf8'), await modeOf(file), await readdir(folder)]).toEqual(['new', '600', ['a.sql']])
  })

  it('is never written through a link or over a folder', async () => {
    const other = join(folder, 'other')
    await writeFile(other, 'mine')
    const link = join(folder, 'a.sql')
    await symlink(other, link)
    expect(await failure(writeSqlFile(link, 'x'))).toMatchObject({ exitCode: 2, why: expect.stringContaining('link') })
    expect([await readFile(other, 'utf8'), await readlink(link)]).toEqual(['mine', other])
    expect(await failure(writeSqlFile(folder, 'x'))).toMatchObject({ exitCode: 2 })
    expect(await failure(writeSqlFile(join(folder, 'none', 'a.sql'), 'x'))).toMatchObject({
      what: expect.stringContaining('could not be written'),
    })
    // No room on the disk, or the like: then nothing stays.
    await failure(writeSqlFile(join(folder, 'b.sql'), undefined as unknown as string))
    expect((await readdir(folder)).sort()).toEqual(['a.sql', 'other'])
  })
})

describe('the instructions', () => {
  const handed = {
    file: './it is/databases-production.sql',
    region: 'eu-west-1',
    secret: 'rds/shop/master',
    roles: [
      { name: 'app', password: at },
      { name: 'odd', password: { secret: `it's`, key: 'pass-word' } },
    ],
    host: 'shop-db.c1.eu-west-1.rds.amazonaws.com',
    port: 5433,
    bastion: 'i-0123456789abcdef0',
  }

  it('lead from the session to the result', () => {
    const lines = instructions(handed)
    expect(lines[0]).toBe('aws ssm start-session --region eu-west-1 --target i-0123456789abcdef0')
    const text = lines.join('\n')
    for (const part of [
      'PGHOST=shop-db.c1.eu-west-1.rds.amazonaws.com PGPORT=5433 PGDATABASE=postgres PGSSLMODE=verify-full',
      'https://truststore.pki.rds.amazonaws.com/eu-west-1/eu-west-1-bundle.pem',
      `export PGPASSWORD="$(aws secretsmanager get-secret-value --region eu-west-1 --secret-id rds/shop/master --query SecretString --output text | jq -r .master_password)"`,
      `export APP_PASSWORD_1="$(aws secretsmanager get-secret-value --region eu-west-1 --secret-id rds/shop/master --query SecretString --output text | jq -r .password)"`,
      `--secret-id 'it'\\''s' --query SecretString --output text | jq -r '.["pass-word"]')"`,
      'psql -X -f databases-production.sql',
      'infra db verify --result',
    ])
      expect(text).toContain(part)
  })

  it('are lines that a shell takes as they are', async () => {
    const lines = instructions(handed).filter((l) => l.startsWith('export'))
    const script = `aws() { printf '%s' '{"master_username":"m","master_password":"p w","password":"q","pass-word":"r"}'; }
jq() { node -e 'const o = JSON.parse(require("fs").readFileSync(0)); console.log(eval("o" + process.argv[1].replace(/^\\.\\[/, "[")))' "$2"; }
${lines.join('\n')}
printf '%s\\n' "$PGUSER" "$PGPASSWORD" "$APP_PASSWORD_1" "$APP_PASSWORD_2"`
    const out = await new Promise<string>((resolve) => execFile('sh', ['-c', script], (error, o, e) => resolve(error ? e : o)))
    expect(out).toBe('m\np w\nq\nr\n')
  })

  it('say what is missing when there is no bastion or server yet', () => {
    const { host: _, bastion: __, ...rest } = handed
    const text = instructions(rest).join('\n')
    expect(text).toContain('to have one: add bastion to steps in infra.yaml, then infra create bastion')
    expect(instructions({ ...rest, hasBastion: true })[0]).toMatch(/to have one: infra create bastion$/)
    expect(text).toContain('PGHOST=<endpoint>')
  })
})
