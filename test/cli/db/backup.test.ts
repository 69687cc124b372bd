import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../../support/account.ts'
import { refused } from '../support/refused.ts'
import { KEYS, terminal } from '../support/terminal.ts'
import { barePath, CONFIG, commandLines, PROGRAMS, recorded, type Stack, startStack, stub, withEnv } from './stack.ts'

const url = inject('motoUrl')

describe.skipIf(!url || !PROGRAMS)('backup and load', () => {
  let x: Stack
  let s3: S3Client
  const bucket = 'shop-backups'
  beforeAll(async () => {
    x = await startStack(`${CONFIG}    - empty\n    - other\n`)
    // Large bodies wait for a word of the server first, which the proxy does not pass on.
    x.p.env.AWS_ENDPOINT_URL_S3 = x.url
    s3 = new S3Client({ ...clientConfig(x.account), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const app = `SET ROLE shop_app; CREATE TABLE item (id serial PRIMARY KEY, note text);
      INSERT INTO item (note) SELECT 'note ' || i FROM generate_series(1, 500) i; RESET ROLE`
    await x.sql('shop', app)
    // Made by the master user: a dump that only the owner's rights reach would miss it.
    await x.sql('shop', 'CREATE SCHEMA extra; CREATE TABLE extra.audit (what text); INSERT INTO extra.audit VALUES ($$seen$$)')
  })
  afterAll(() => x?.stop())
  const run = (...args: string[]) => x.p.run('db', ...args)
  const at = (name: string): string => join(x.p.dir, name)
  const parts = async (): Promise<string[]> => (await readdir(x.p.dir)).filter((f) => f.includes('.part'))
  const objects = async (): Promise<string[]> =>
    ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map((o) => o.Key ?? '')
  const uploads = async (): Promise<number> =>
    ((await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []).length
  const count = async (database: string, from: string): Promise<unknown> =>
    (await x.sql(database, `SELECT count(*)::int AS n FROM ${from}`))[0]?.n
  const tables = async (database: string): Promise<unknown> =>
    count(database, `pg_tables WHERE schemaname !~ '^(pg_|information)'`)

  it('into a file that only its owner reads, and from there into another database, as its owner', async () => {
    const { path, calls } = await recorded(x.p, 'pg_dump', 'pg_restore', 'psql')
    const secret = await x.secret()
    const made = await withEnv(x.p, { PATH: path }, () => run('backup', 'shop', '--to', 'a.dump', '--verbose'))
    expect(made.code, made.all).toBe(0)
    expect(made.stdout).toMatch(/✓ shop is in \S+\/a\.dump: [\d.]+ KB in \d/)
    expect(made.stdout).toMatch(/RDS itself backs up the whole server only/)
    expect(made.stdout).toMatch(/To load it: infra db load shop \S+\/a\.dump\n$/)
    expect((await stat(at('a.dump'))).mode & 0o777).toBe(0o600)
    expect((await readFile(at('a.dump'), 'latin1')).slice(0, 5)).toBe('PGDMP')
    const loaded = await withEnv(x.p, { PATH: path }, () => run('load', 'crm', 'a.dump', '--json'))
    expect(loaded.code, loaded.all).toBe(0)
    expect(loaded.json()).toMatchObject({ database: 'crm', from: at('a.dump'), bytes: (await stat(at('a.dump'))).size })
    expect(await count('crm', 'item')).toBe(500)
    expect(await count('crm', 'extra.audit')).toBe(1)
    const owners = await x.sql('crm', "SELECT DISTINCT tableowner AS o FROM pg_tables WHERE schemaname IN ('public', 'extra')")
    expect(owners).toEqual([{ o: 'shop_app' }])

    const called = (await calls()).filter((c) => c.args[0] !== '--version').sort((a, b) => a.program.localeCompare(b.program))
    expect(called.map((c) => [c.program, c.env.PGUSER])).toEqual([
      ['pg_dump', 'postgres'],
      ['pg_restore', undefined],
      ['psql', 'shop_app'],
    ])
    // Nothing of AWS, and the one password that each of them needs.
    expect(called.flatMap((c) => Object.keys(c.env)).filter((name) => /^AWS_|^INFRA_/.test(name))).toEqual([])
    for (const { args } of called)
      for (const password of [secret.password, secret.master_password]) expect(args.join('\n')).not.toContain(password)
    expect(called.map((c) => c.env.PGPASSWORD)).toEqual([secret.master_password, undefined, secret.password])
    for (const { all } of [made, loaded])
      for (const password of [secret.password, secret.master_password]) expect(all).not.toContain(password)
    const written = [...(await x.files())].filter(([file]) => !file.includes('recorded.txt'))
    const leaky = written.filter(([, t]) => [secret.password, secret.master_password].some((v) => t.includes(v ?? '?')))
    expect(leaky.map(([file]) => file)).toEqual([])
  })

  it('never over a file that is there, and to nowhere that cannot be written', async () => {
    const before = await readFile(at('a.dump'))
    expect(refused(await run('backup', 'shop', '--to', 'a.dump')).stderr).toContain(
      'a.dump is there already: a backup is never written over',
    )
    expect(await readFile(at('a.dump'))).toEqual(before)
    expect(refused(await run('backup', 'shop', '--to', 'no/such/a.dump')).stderr).toContain('Cannot write')
    expect(refused(await run('backup', 'shop', '--to', 's3:/x')).stderr).toContain(
      's3:/x is no place in a bucket: it must be s3://bucket/key',
    )
    expect(refused(await run('backup', 'shop', '--to', 's3://no-such-bucket-here/x')).stderr).toContain(
      'There is no bucket no-such-bucket-here',
    )
    expect(refused(await run('backup', 'shpo')).stderr).toContain('did you mean shop?')
    expect(await parts()).toEqual([])
  })

  it('without a name: one with the date, in this folder, or in the folder that is named', async () => {
    const r = await run('backup', 'empty', '--json')
    expect(r.code, r.all).toBe(0)
    expect(r.json<{ place: string }>().place).toMatch(/\/empty-\d{8}-\d{6}\.dump$/)
    expect((await run('backup', 'empty', '--to', `${x.p.dir}/state/`)).code).toBe(0)
    expect((await readdir(at('state'))).filter((f) => /^empty-\d{8}-\d{6}\.dump$/.test(f))).toHaveLength(1)
  })

  it('--all: each database into a file of its own; one that fails is named, and does not stop the others', async () => {
    expect(refused(await run('backup', 'shop', '--all')).stderr).toMatch(/^Both shop and --all say what to back up/)
    for (const to of ['all.dump', 's3://shop-backups/all.dump'])
      expect(refused(await run('backup', '--all', '--to', to)).stderr).toContain('Next: Name an existing folder')
    await mkdir(at('all'))
    const made = await run('backup', '--all', '--to', 'all')
    expect(made.code, made.all).toBe(0)
    const names = async () => (await readdir(at('all'))).map((f) => f.replace(/-\d{8}-\d{6}\.dump$/, '')).sort()
    const every = ['crm', 'empty', 'other', 'shop']
    expect(await names()).toEqual(every)
    expect(made.stdout).toMatch(/✓ 4 databases, .* To load one: infra db load <name> \S+\/all\/\S+\.dump\n$/)
    const bucket = await run('backup', '--all', '--to', 's3://shop-backups/all/', '--json')
    expect(
      bucket
        .json<{ backups: { database: string }[] }>()
        .backups.map((b) => b.database)
        .sort(),
    ).toEqual(every)

    await x.sql('postgres', 'ALTER DATABASE crm RENAME TO crm_away')
    const some = await run('backup', '--all', '--to', 'all', '--json')
    await x.sql('postgres', 'ALTER DATABASE crm_away RENAME TO crm')
    expect(some.code, some.all).toBe(1)
    const { backups, failed } = some.json<{ backups: { database: string }[]; failed: { database: string; what: string }[] }>()
    expect(backups.map((b) => b.database).sort()).toEqual(['empty', 'other', 'shop'])
    expect(failed).toMatchObject([{ database: 'crm' }])
    await rm(at('all'), { recursive: true })
    for (const Key of (await objects()).filter((key) => key.startsWith('all/')))
      await s3.send(new DeleteObjectCommand({ Bucket: 'shop-backups', Key }))
  })

  it('pg_dump that is missing, too old, or breaks off: a sentence, and nothing of it stays', async () => {
    const missing = refused(await withEnv(x.p, { PATH: await barePath(x.p) }, () => run('backup', 'shop', '--to', 'b.dump')))
    expect(missing.stderr).toMatch(
      /There is no pg_dump on this machine: it is not on the PATH\.\nNext: .*install .*, then infra db backup shop --to b\.dump/,
    )
    const old = await stub(x.p, 'pg_dump', '#!/bin/sh\necho "pg_dump (PostgreSQL) 12.3"\n')
    const r = refused(await withEnv(x.p, { PATH: old }, () => run('backup', 'shop', '--to', 'b.dump')))
    expect(r.stderr).toMatch(
      /pg_dump here is version 12, and the server is PostgreSQL \d+\.\d+: it cannot read a server that is newer/,
    )
    expect(r.stderr).toMatch(/postgresql(-client-|@)\d+/)
    const half = await stub(
      x.p,
      'pg_dump',
      `#!/bin/sh
[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.1" && exit
head -c 9000000 /dev/zero
echo "pg_dump: error: the disk of the server is gone" >&2
exit 1\n`,
    )
    for (const to of ['b.dump', `s3://${bucket}/b.dump`]) {
      const broken = await withEnv(x.p, { PATH: half }, () => run('backup', 'shop', '--to', to))
      expect(broken.code, broken.all).toBe(1)
      expect(broken.stderr).toContain('pg_dump of shop failed: pg_dump: error: the disk of the server is gone')
    }
    expect((await readdir(x.p.dir)).filter((f) => f.startsWith('b.dump'))).toEqual([])
    expect([await objects(), await uploads()]).toEqual([[], 0])
  })

  it('into a bucket in parts, byte for byte, and from there into a database', async () => {
    const data = at('random')
    const large = await stub(
      x.p,
      'pg_dump',
      `#!/bin/sh
[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.1" && exit
head -c 20000000 /dev/urandom | tee '${data}'\n`,
    )
    const r = await withEnv(x.p, { PATH: large }, () => run('backup', 'shop', '--to', `s3://${bucket}/large`))
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain(`shop is in s3://${bucket}/large: 20 MB`)
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'large' }))
    expect(ETag).toMatch(/-3"$/)
    const got = await Body?.transformToByteArray()
    const sha = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex')
    expect(sha(got ?? new Uint8Array())).toBe(sha(await readFile(data)))

    const real = await run('backup', 'shop', '--to', `s3://${bucket}/daily/`)
    expect(real.code, real.all).toBe(0)
    const key = (await objects()).find((k) => k.startsWith('daily/shop-')) ?? ''
    expect(key).toMatch(/^daily\/shop-\d{8}-\d{6}\.dump$/)
    expect(refused(await run('backup', 'shop', '--to', `s3://${bucket}/${key}`)).stderr).toContain('is there already')
    const loaded = await run('load', 'other', `s3://${bucket}/${key}`)
    expect(loaded.code, loaded.all).toBe(0)
    expect(loaded.stdout).toMatch(/Next: infra db connect other\n$/)
    expect(await count('other', 'item')).toBe(500)
    expect(refused(await run('load', 'other', `s3://${bucket}/nothing`)).stderr).toContain(`There is no s3://${bucket}/nothing`)
  })

  it('Ctrl-C ends pg_dump and takes away what was written', async () => {
    const slow = await stub(
      x.p,
      'pg_dump',
      `#!/bin/sh
[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.1" && exit
echo $$ > '${at('pid')}'
head -c 9000000 /dev/zero
exec sleep 60\n`,
    )
    for (const to of ['c.dump', `s3://${bucket}/c.dump`]) {
      await writeFile(at('pid'), '')
      const running = await withEnv(x.p, { PATH: slow }, async () => x.p.start('db', 'backup', 'shop', '--to', to))
      while ((await readFile(at('pid'), 'utf8')) === '') await new Promise((r) => setTimeout(r, 20))
      // Something of it is written.
      if (to === 'c.dump') await expect.poll(parts, { timeout: 20_000 }).toHaveLength(1)
      else await expect.poll(uploads, { timeout: 20_000 }).toBe(1)
      // What others on this machine can see.
      const { password = '', master_password: master = '' } = await x.secret()
      const seen = await commandLines()
      for (const secret of [password, master]) expect(seen).not.toContain(secret)
      running.kill('SIGINT')
      const r = await running.done
      expect(r.code, r.all).toBe(130)
      expect(r.stderr).toContain('Interrupted: no backup was made')
      const pid = Number(await readFile(at('pid'), 'utf8'))
      expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    }
    expect(await parts()).toEqual([])
    expect(await uploads()).toBe(0)
  })

  it('load of SQL text, also compressed: all of it or nothing', async () => {
    const good = 'CREATE TABLE one (a text);\nINSERT INTO one VALUES (1), (2);\n'
    await writeFile(at('good.sql'), good)
    await writeFile(at('good.sql.gz'), gzipSync(good))
    const copy = `${good}COPY one FROM stdin;\n${'7\n'.repeat(50_000)}\\.\nINSERT INTO one VALUES (3);\n`
    const zipped = gzipSync(copy)
    await writeFile(at('copy.sql.gz'), zipped)
    for (const [file, rows] of [
      ['good.sql', 2],
      ['good.sql.gz', 2],
      ['copy.sql.gz', 50_003],
    ] as const) {
      const r = await run('load', 'empty', file)
      expect(r.code, r.all).toBe(0)
      expect(await count('empty', 'one')).toBe(rows)
      await x.sql('empty', 'DROP TABLE one')
    }
    const cut: Record<string, string | Buffer> = {
      'wrong.sql': `${good}SELECT nope;\n`,
      'cut-copy.sql': copy.slice(0, copy.length / 2),
      'cut-text.sql': `${good}INSERT INTO one SELECT 'abc`,
      'cut-dollar.sql': `${good}DO $$ BEGIN PERFORM 1;`,
      'cut.sql.gz': zipped.subarray(0, zipped.length - 20),
    }
    for (const [file, text] of Object.entries(cut)) {
      await writeFile(at(file), text)
      const r = await run('load', 'empty', file)
      expect(r.code, `${file}: ${r.all}`).toBe(1)
      expect(r.stderr).toContain('Next: ')
      expect(r.all).not.toMatch(/undefined|^ {4}at /m)
      expect(await tables('empty'), file).toBe(0)
    }
    expect((await run('load', 'empty', 'cut.sql.gz')).stderr).toContain(
      'cut.sql.gz breaks off or is damaged: unexpected end of file; nothing of it is in the database',
    )
    expect((await run('load', 'empty', 'wrong.sql')).stderr).toContain(
      'psql of empty failed: psql:<stdin>:3: ERROR:  column "nope" does not exist',
    )
    await writeFile(at('cut.dump'), (await readFile(at('a.dump'))).subarray(0, 4000))
    const archive = await run('load', 'empty', 'cut.dump')
    expect(archive.code, archive.all).toBe(1)
    expect(await tables('empty')).toBe(0)
    await writeFile(at('none'), '')
    expect(refused(await run('load', 'empty', 'none')).stderr).toContain('none is empty')
    expect(refused(await run('load', 'empty', 'nowhere.sql')).stderr).toContain('There is no file')
  })

  it('load runs no program of this machine, goes to no other database, and stays one transaction', async () => {
    const file = at('hacked')
    const attacks: Record<string, [text: string | Buffer, why: string]> = {
      'shell.sql': [`CREATE TABLE one ();\n\\! env > '${file}'\n`, 'line 2 has a command of psql: \\!'],
      'pipe.sql.gz': [gzipSync(`SELECT 1 \\g | cat > '${file}'\n`), 'line 1 has a command of psql: \\g'],
      'connect.sql': ['\n\\connect other\nCREATE TABLE moved ();\n', 'line 2 has a command of psql: \\connect other'],
      'rollback.sql': ['CREATE TABLE one ();\nROLLBACK;\nCREATE TABLE two ();\n', 'line 2 ends the transaction: ROLLBACK'],
    }
    const before = await tables('other')
    for (const [name, [text, why]] of Object.entries(attacks)) {
      await writeFile(at(name), text)
      const r = await run('load', 'empty', name)
      expect(r.code, r.all).toBe(2)
      expect(r.stderr).toContain(`${name} is not loaded: ${why}`)
      expect(r.stderr).toContain('; nothing of it is in the database.\nNext: ')
    }
    const after = [await tables('empty'), await tables('other'), await stat(file).catch(() => 'no file')]
    expect(after).toEqual([0, before, 'no file'])
    await writeFile(at('own.sql'), 'BEGIN;\nCREATE TABLE first ();\nCOMMIT;\nCREATE TABLE second ();\nSELECT nonsense;\n')
    const own = await run('load', 'empty', 'own.sql')
    expect([own.code, await tables('empty')]).toEqual([1, 0])
    expect(own.stderr).toContain('psql:<stdin>:5: ERROR')
    await writeFile(at('open.sql'), 'CREATE TABLE first ();\nDELETE FROM first')
    const open = await run('load', 'empty', 'open.sql')
    expect([open.code, await tables('empty')]).toEqual([1, 0])
    expect(open.stderr).toContain('open.sql ends in the middle of a statement: nothing of it is in the database')
  })

  it('load takes what pg_dump writes as text, also with a psql that is older', async () => {
    const dump = `\\restrict aB3\nSET standard_conforming_strings = on;\nCREATE TABLE one (a text);\nCOPY one (a) FROM stdin;\n\\N\nit's \\\\! text\n\\.\n\n\\unrestrict aB3\n`
    await writeFile(at('plain.sql'), dump)
    const old = await stub(
      x.p,
      'psql',
      `#!/bin/sh\n[ "$1" = --version ] && echo "psql (PostgreSQL) 15.2" && exit\necho "$@" > '${at('asked')}'\nexec '${join(PROGRAMS ?? '', 'psql')}' "$@"\n`,
    )
    for (const PATH of [x.p.env.PATH ?? '', old]) {
      const r = await withEnv(x.p, { PATH }, () => run('load', 'empty', 'plain.sql'))
      expect(r.code, r.all).toBe(0)
      expect(await x.sql('empty', 'SELECT a FROM one')).toEqual([{ a: null }, { a: "it's \\! text" }])
      await x.sql('empty', 'DROP TABLE one')
    }
    expect(await readFile(at('asked'), 'utf8')).not.toContain('restrict')
    const shell = await withEnv(x.p, { PATH: old }, () => run('load', 'empty', 'shell.sql'))
    expect([shell.code, shell.stderr]).toEqual([2, expect.stringContaining('line 2 has a command of psql')])
  })

  it('killed in the middle of a load, by Ctrl-C or for good, nothing of it is in the database', async () => {
    const filler = `-- ${'x'.repeat(1000)}\n`.repeat(2000)
    await writeFile(at('long.sql'), `CREATE TABLE half ();\n${filler}DO $$ BEGIN PERFORM pg_sleep(3); END $$;\n${filler}`)
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const running = x.p.start('db', 'load', 'empty', 'long.sql')
      const asleep = async () => count('postgres', "pg_stat_activity WHERE datname = 'empty' AND query ~ 'PERFORM pg_sleep'")
      while ((await asleep()) === 0) await new Promise((r) => setTimeout(r, 50))
      running.kill(signal)
      const r = await running.done
      if (signal === 'SIGINT')
        expect([r.code, r.stderr]).toEqual([130, expect.stringContaining('nothing of it is in the database')])
      while ((await count('postgres', "pg_stat_activity WHERE datname = 'empty'")) !== 0)
        await new Promise((done) => setTimeout(done, 50))
      expect(await tables('empty')).toBe(0)
    }
  })

  it('into a database with tables only by its typed name', async () => {
    const no = refusedLoad(await run('load', 'crm', 'a.dump'))
    expect(no).toContain('crm has 2 tables already; this changes the data in it, and nobody can be asked here')
    expect(no).toContain('Next: infra db load crm a.dump --yes --confirm crm')
    expect(refusedLoad(await run('load', 'crm', 'a.dump', '--yes'))).toContain('--yes alone does not say so')
    const t = terminal(x.p, ['db', 'load', 'crm', 'a.dump'])
    await t.answer('Type its name to go on:', `no${KEYS.enter}`)
    expect(await t.done, t.screen()).toBe(0)
    expect(t.screen()).toContain('That is not crm. Nothing was changed.')
    const clash = await run('load', 'crm', 'a.dump', '--yes', '--confirm', 'crm')
    expect(clash.code, clash.all).toBe(1)
    expect(clash.stderr).toMatch(/psql of crm failed: psql:<stdin>:\d+: ERROR: {2}.*already exists/)
    expect(clash.stderr).toContain('infra db add <name>')
    expect(await count('crm', 'item')).toBe(500)
  })
})

const refusedLoad = (r: { code: number | null; all: string; stderr: string }): string => {
  expect(r.code, r.all).toBe(2)
  return r.stderr
}
