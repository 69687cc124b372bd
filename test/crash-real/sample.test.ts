import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clearGround, makeGround } from './expect.ts'
import { type Ground, live, undisturbed } from './life.ts'
import { livesOf, runMatrix, table, troubles } from './matrix.ts'

const url = inject('motoUrl')

// Every twenty-third call. All of them: npm run crash.
describe.skipIf(!url)('killed at an AWS call, and run again', () => {
  let ground: Ground
  beforeAll(() => {
    ground = makeGround(url ?? '')
  })
  afterAll(() => clearGround(ground))

  it('create and destroy end with the account of an undisturbed life', { timeout: 240_000 }, async () => {
    const of = await undisturbed(ground)
    const lives = livesOf(of, 23, false)
    const verdicts = await runMatrix(lives, 2, (kills) => live(ground, of, kills))
    expect(troubles(verdicts), table(verdicts, of)).toEqual([])
    // Looks while waiting can be one more or less, so a late one may not have come.
    const missed = verdicts.filter((v) => !v.killed)
    expect(verdicts.length - missed.length).toBeGreaterThanOrEqual(6)
  })
})
