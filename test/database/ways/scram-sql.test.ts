import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scramVerifier } from '../../../src/database/scram.ts'
import { verifierSql } from '../../../src/database/scram-sql.ts'
import { type Place, placeOn, programs } from '../support.ts'

let places: Place[]
beforeAll(async () => {
  places = await Promise.all(programs.map(({ bin }) => placeOn({ bin })))
})
afterAll(() => Promise.all(places.map((p) => p.close())))

it.each(['a', 'correct horse', `o'b"\\:x$1`, 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'y'.repeat(200)])(
  'the server reckons the same as this program: %s',
  async (password) => {
    for (const place of places) {
      const text = verifierSql('pw', 'verifier').replaceAll(":'pw'", () => pg.escapeLiteral(password))
      const [a, b] = await Promise.all([place.ask(text), place.ask(text)])
      const [one, two] = [String(a[0]?.verifier), String(b[0]?.verifier)]
      const salt = Buffer.from(/^SCRAM-SHA-256\$4096:([^$]{24})\$/.exec(one)?.[1] ?? '', 'base64')
      expect(salt.length).toBe(16)
      expect(one).toBe(scramVerifier(password, salt))
      expect(two).not.toBe(one)
    }
  },
)

it('and lets in whoever has the password', async () => {
  for (const place of places) {
    const [made] = await place.ask(verifierSql('pw', 'verifier').replaceAll(":'pw'", "'right'"))
    await place.ask(`CREATE ROLE reckoned LOGIN PASSWORD '${String(made?.verifier)}'`)
    expect(await place.ask('SELECT 1 AS one', { user: 'reckoned', password: 'right' })).toEqual([{ one: 1 }])
    await expect(place.ask('SELECT 1', { user: 'reckoned', password: 'wrong' })).rejects.toThrow('password authentication failed')
  }
})
