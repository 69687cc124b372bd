import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { COURSES, runBenches } from './databases.ts'
import { clearGround, makeGround } from './expect.ts'
import { type Ground, undisturbed } from './life.ts'
import { livesOf, table, troubles } from './matrix.ts'

// Some of all calls and statements. All of them: npm run crash -- --databases.
describe.skipIf(!inject('motoUrl'))('killed at a call to AWS or a statement to the database server, and run again', () => {
  let server: TestServer
  let ground: Ground
  beforeAll(async () => {
    server = await startMoto('0', process.env, { postgres: true })
    ground = makeGround(server.url)
  })
  afterAll(async () => {
    clearGround(ground)
    await server?.stop()
  })

  it.each([
    { within: 'shared' as const, every: 7 },
    { within: 'perDatabase' as const, every: 11 },
  ])('create and destroy of databases ($within) end as undisturbed ones', { timeout: 240_000 }, async ({ within, every }) => {
    const [here, course] = [{ ...ground, within }, COURSES[within]]
    const of = await undisturbed(here, course)
    expect(of.points.create.filter((p) => p.op.startsWith('sql.CREATE'))).toHaveLength(4)
    const verdicts = await runBenches(here, course, of, livesOf(of, every, false), 2)
    expect(troubles(verdicts), table(verdicts, of)).toEqual([])
    // Looks while waiting can be one more or less, so a late one may not have come.
    expect(verdicts.filter((v) => v.killed).length).toBeGreaterThanOrEqual(8)
  })
})
