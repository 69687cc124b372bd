import { afterAll, beforeAll, expect, it } from 'vitest'
import pg from 'pg'
import { scramVerifier } from '../../../src/sql/scram.ts'
import { verifierSql } from '../../../src/sql/scram-sql.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
let s: TestPostgres
beforeAll(async () => { s = await startPostgres() })
afterAll(() => s.stop())
it('x', async () => {
  const c = new pg.Client({ host: s.host, port: s.port, ...s.master, database: 'postgres' })
  await c.connect()
  for (const pw of ['a', 'correct horse', 'x'.repeat(64), 'y'.repeat(65), 'ü€\\\'":x'.repeat(20)]) {
    const t = performance.now()
    const r = await c.query(verifierSql('pw', 'v').replace(":'pw'", pg.escapeLiteral(pw)))
    const v = r.rows[0].v as string
    const salt = Buffer.from(/4096:([^$]+)\$/.exec(v)?.[1] ?? '', 'base64')
    console.log(performance.now() - t, v)
    expect(v).toBe(scramVerifier(pw, salt))
  }
  await c.end()
})
